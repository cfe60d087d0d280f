// Owns the tests of the service as the console shows it: health, first run, hostile text, a connection
// that is lost, sessions and roles.
import { expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { openRedisStores } from '../../src/state/redis.ts'
import { CONTRACT, openTestService, userCreated } from '../acceptance/service.ts'
import { TOKENS, WITH_TOKENS } from '../http/server-harness.ts'
import { type Desk, EVIL, expectAccessible, expectHarmless, title } from './desk.ts'

export function serviceTests(desk: () => Desk): void {
  it('the service is shown: marks, coverage with its gap, queues, receivers', async () => {
    const { service } = desk()
    const { page, faults } = await desk().show('/health')
    const coverage = page.getByRole('group', { name: `Contract ${CONTRACT}` })
    await coverage.getByText(/^\d+ of \d+ entries evaluated$/).waitFor()
    await coverage.getByText('no gap').waitFor()
    await coverage
      .getByRole('img', { name: /Reading began .* evaluated up to .* without/ })
      .waitFor()
    await coverage.getByText(/Entries arrive late by up to|is not known yet/).waitFor()
    await page.getByText(/Tocsin \d+\.\d+\.\d+, Node/).waitFor()
    await page.getByText('canary: an entry that goes through everything').waitFor()
    await page.getByText('messages for slack').waitFor()
    const slack = page.getByRole('row', { name: /^slack/ })
    expect(await slack.locator('time').count()).toBeGreaterThan(0)

    const from = Math.floor(systemClock.now() / 1_000) * 1_000 - 600_000
    const { reads } = openRedisStores(service.redis.redis, service.redis.keys)
    await reads.giveUp(CONTRACT, [{ from, to: from + 1_000 }])
    await page.reload()
    await coverage.getByText('1 gap').waitFor()
    expect(await coverage.locator('.strip-gap').count()).toBe(1)
    await coverage.getByText('Where something may be missing').click()
    await coverage.getByText('could not be read completely in a day').waitFor()
    await expectAccessible(page)
    expect(faults).toEqual([])
    await page.close()
  })

  it('before anything has happened, each page says what to do next', async () => {
    const empty = await openTestService({})
    const app = await empty.start({ roles: ['http'], receivers: {} })
    const { page, faults } = await desk().browser.open()
    for (const [path, texts] of Object.entries(EMPTY_PAGES)) {
      await page.goto(`${app.httpAddress}${path}`)
      for (const text of texts) await page.getByText(text).first().waitFor()
    }
    expect(faults.filter((fault) => !fault.includes('404'))).toEqual([])
    await page.context().close()
    await empty.close()
  })

  it('what an attacker wrote, in every field an entry has, is text on every page', async () => {
    const user = await desk().alert(title(EVIL))
    const whole = await desk().alert('httpStatus')
    const { id } = whole ?? (await desk().alert('hostile-entry'))
    const { page, faults } = await desk().show('/alerts?state=all')
    const places = [
      '/alerts?state=all',
      `/alerts/${user.id}`,
      `/alerts/${user.id}?do=silence`,
      `/alerts/${id}`,
      '/playground?rule=hostile-entry&event=hostile',
    ]
    for (const path of places) {
      await page.goto(`${desk().address}${path}`)
      await page.getByText('onerror').locator('visible=true').first().waitFor()
      await expectHarmless(page)
    }
    // The message as Slack shows it, then the mail.
    await page.locator('.slack').getByText('onerror').first().waitFor()
    await expectHarmless(page)
    await page.getByRole('button', { name: 'Mail' }).click()
    const mail = page.frameLocator('iframe')
    await mail.getByText('onerror').first().waitFor()
    expect(await mail.locator('img, script').count()).toBe(0)
    await expectHarmless(page)
    await page.goto(`${desk().address}/alerts/${id}`)
    await page.locator('.evidence summary').first().click()
    const shown = await page.locator('.evidence .json').innerText()
    for (const name of ['serviceHost', 'httpStatus', 'error.message', 'resource.action']) {
      expect(shown).toContain(`@example.com ${name}`)
    }
    await expectHarmless(page)
    expect(faults).toEqual([])
    await page.close()
  })

  it('says that the connection is lost, and goes on when it is back', async () => {
    const { page } = await desk().show('/alerts?state=all')
    await page.locator('.live.live').waitFor()
    await desk().app.stop()
    await page.getByText('connection lost').waitFor()
    const { port } = new URL(desk().address)
    desk().app = await desk().service.start({ http: { port: Number(port) } })
    desk().service.simulator.addEntries(CONTRACT, [
      userCreated('peggy@example.com', { id: 'after' }),
    ])
    await page.getByRole('link', { name: title('peggy@example.com') }).waitFor()
    await page.locator('.live.live').waitFor()
    await page.close()
  })

  it('with tokens: asks for one, lets act who may, and comes back after the session ended', async () => {
    const guarded = await desk().service.start({
      roles: ['http'],
      http: { ...WITH_TOKENS, port: 0 },
    })
    const base = guarded.httpAddress as string
    const { id } = await desk().alert('mallory@')
    const { page, context } = await desk().browser.open()
    const signIn = async (token: string) => {
      await page.getByLabel('Token').fill(token)
      await page.getByRole('button', { name: 'Sign in' }).click()
    }
    await page.goto(`${base}/alerts/${id}`)
    await signIn('wrong-token-0123456789')
    await page.getByText(/no such token/).waitFor()
    await expectAccessible(page)
    await signIn(TOKENS.viewer)
    await page.getByRole('heading', { name: title('mallory@example.com') }).waitFor()
    expect(await page.getByRole('button', { name: 'Resolve' }).count()).toBe(0)
    // Not by the page's own means either: the server refuses.
    const status = await page.evaluate(
      `fetch('/api/alerts/${id}/resolve', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }).then((reply) => reply.status)`,
    )
    expect(status).toBe(403)
    expect(await page.evaluate('document.cookie')).toBe('')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await signIn(TOKENS.responder)
    await page.goto(`${base}/alerts/${id}`)
    await page.getByRole('button', { name: 'Comment' }).click()
    await context.clearCookies()
    await page.getByRole('dialog').getByRole('textbox').fill('from afar')
    await page.getByRole('dialog').getByRole('button', { name: 'Comment', exact: true }).click()
    await page.getByText('Your session has ended').waitFor()
    await signIn(TOKENS.responder)
    await page.getByRole('heading', { name: title('mallory@example.com') }).waitFor()
    expect(page.url()).toContain(id)
    await guarded.stop()
    await page.context().close()
  })
}

/** What stands on a page before there is anything to show. */
const EMPTY_PAGES: Readonly<Record<string, readonly string[]>> = {
  '/alerts': ['Nothing is open', 'Look at the health page'],
  '/rules': ['No rule is loaded', 'npx tocsin rules new my-rule'],
  '/rules/nothing': ['There is no such rule'],
  '/playground': ['No event is kept yet'],
  '/silences': ['silence'],
  '/health': ['No contract has been read yet', 'npx tocsin doctor', 'Nobody is told'],
}
