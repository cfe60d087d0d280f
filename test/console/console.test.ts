// Owns the proof of the console in a real browser, on the real service: every page and action, by
// mouse, keyboard and thumb; what attackers write stays text; sessions and connections end and return.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../../src/app.ts'
import { CONTRACT, openTestService, type TestService, userCreated } from '../acceptance/service.ts'
import { TOKENS, WITH_TOKENS } from '../http/server-harness.ts'
import { findBrowser, openBrowser, PHONE, type TestBrowser } from './browser.ts'

const found = findBrowser()
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const EVIL = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>@example.com'
const RULES = {
  'user-created': {
    id: 'user-created',
    title: 'User created',
    description: 'Somebody who can log in came into being.',
    severity: 'high',
    tags: ['attack.persistence', 'attack.t1136.003'],
    runbook: '1. Ask who did it.\n2. Remove the user.',
    falsePositives: ['A new colleague'],
    conditions: { all: [{ fact: 'actions', operator: 'contains', value: 'sec.user.create' }] },
    alert: { title: '{{ user }} created a user', groupBy: ['user'], fields: ['user', 'ip'] },
    tests: [
      { name: 'one is one', alerts: 1, events: [{ user: 'a', actions: ['sec.user.create'] }] },
    ],
  },
}

type Violation = { readonly id: string; readonly nodes: readonly { readonly html: string }[] }

/** What axe finds against WCAG 2.2 AA. */
async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE)
  const result = (await page.evaluate(
    `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })`,
  )) as { violations: readonly Violation[] }
  return result.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)}`)
}

const title = (user: string) => `${user} created a user`

describe.skipIf(found === undefined)('the console', { timeout: 120_000 }, () => {
  let service: TestService
  let app: App
  let browser: TestBrowser
  let address: string

  beforeAll(async () => {
    ;[service, browser] = await Promise.all([openTestService(RULES), openBrowser(found as string)])
    app = await service.start()
    address = app.httpAddress as string
    service.simulator.addEntries(
      CONTRACT,
      ['mallory@example.com', 'eve@example.com', EVIL].map((user, index) =>
        userCreated(user, { id: `event-${index}`, agoMs: 60_000 - index * 1_000 }),
      ),
    )
    await service.until(() => expect(service.messages()).toHaveLength(3))
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await service?.close()
  }, 60_000)

  const idOf = async (text: string) => {
    const reply = await fetch(`${address}/api/alerts?q=${encodeURIComponent(text)}`)
    const { alerts } = (await reply.json()) as { alerts: { id: string; state: string }[] }
    return alerts[0] as { id: string; state: string }
  }

  it('lists alerts, lets filters stand in the address, and shows new ones by itself', async () => {
    const { page, faults } = await browser.open()
    await page.goto(address)
    await page.getByRole('link', { name: title('mallory@example.com') }).waitFor()
    expect(new URL(page.url()).pathname).toBe('/alerts')
    await page.getByRole('searchbox').fill('eve@')
    await page.waitForURL(/q=eve/)
    await expect.poll(() => page.locator('.alert-row').count()).toBe(1)
    await page.reload()
    expect(await page.getByRole('searchbox').inputValue()).toBe('eve@')
    await page.goto(`${address}/alerts?severity=low`)
    await page.getByText('No alert fits these filters').waitFor()
    await page.goto(`${address}/alerts`)
    await page.getByLabel('Group value').selectOption('user:mallory@example.com')
    await page.waitForURL(/group=user%3Amallory%40example.com/)
    await expect.poll(() => page.locator('.alert-row').count()).toBe(1)
    await page.getByRole('button', { name: /user: mallory@example.com/ }).click()
    await expect.poll(() => page.locator('.alert-row').count()).toBe(3)
    await page.goto(`${address}/alerts`)
    await page.locator('.live.live').waitFor()
    service.simulator.addEntries(CONTRACT, [userCreated('trent@example.com', { id: 'live' })])
    await page.getByRole('link', { name: title('trent@example.com') }).waitFor()
    expect(faults).toEqual([])
    await page.context().close()
  })

  it('is used by keyboard alone: search, go down, acknowledge, open, help', async () => {
    const { page, faults } = await browser.open()
    await page.goto(`${address}/alerts`)
    await page.getByRole('link', { name: title('trent@example.com') }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('trent')
    await page.waitForURL(/q=trent/)
    await page.keyboard.press('Escape')
    await page.keyboard.press('j')
    await page.keyboard.press('a')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Enter')
    await page.locator('.alert-row.acknowledged').waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: title('trent@example.com'), level: 1 }).waitFor()
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await page.waitForURL(/\/alerts$/)
    expect(faults).toEqual([])
    await page.context().close()
  })

  it('a link from a message, on a phone: nothing happens before the confirming touch', async () => {
    const { id } = await idOf('mallory@')
    const { page, faults } = await browser.open({ viewport: PHONE, hasTouch: true })
    await page.goto(`${address}/alerts/${id}?do=acknowledge`)
    const dialog = page.getByRole('dialog', { name: /Acknowledge A-/ })
    await dialog.waitFor()
    expect((await idOf('mallory@')).state).toBe('open')
    await dialog.getByLabel(/Comment/).fill('on my way')
    await dialog.getByRole('button', { name: 'Acknowledge', exact: true }).tap()
    await page.locator('.alert-head .state.acknowledged').waitFor()
    await page.getByText('on my way').waitFor()
    expect((await idOf('mallory@')).state).toBe('acknowledged')
    const width = await page.evaluate('document.documentElement.scrollWidth')
    expect(width).toBeLessThanOrEqual(PHONE.width)
    expect(await violations(page)).toEqual([])
    expect(faults).toEqual([])
    await page.context().close()
  })

  it('shows what happened, why, and the entry; comments and resolves', async () => {
    const { id } = await idOf('eve@')
    const { page, faults } = await browser.open()
    await page.goto(`${address}/alerts/${id}`)
    await page.getByText(/One event at/).waitFor()
    await page.getByText('slack', { exact: true }).first().waitFor()
    const why = page.locator('.why')
    expect(await why.innerText()).toMatch(/✓[\s\S]*actions[\s\S]*"sec.user.create"/)
    await page.locator('.evidence summary').first().click()
    expect(await page.locator('.evidence .json').innerText()).toContain(
      '"sourceIP": "203.0.113.42"',
    )
    await page.getByText('Ask who did it.').waitFor()
    await page.getByRole('link', { name: title('mallory@example.com') }).waitFor()
    await page.getByRole('button', { name: 'Comment' }).click()
    await page.getByRole('dialog').getByRole('textbox').fill('asked them')
    await page.getByRole('dialog').getByRole('button', { name: 'Comment', exact: true }).click()
    await page.locator('.timeline').getByText('asked them').waitFor()
    await page.getByRole('button', { name: 'Resolve' }).click()
    await page.getByRole('dialog').getByLabel('a false positive').check()
    await page.getByRole('dialog').getByRole('button', { name: 'Resolve', exact: true }).click()
    await page.locator('.alert-head .state.resolved').waitFor()
    expect(faults).toEqual([])
    await page.context().close()
  })

  it('of two responders at once, the second is told and nothing is overwritten', async () => {
    const { id } = await idOf('trent@')
    const { page } = await browser.open()
    await page.goto(`${address}/alerts/${id}`)
    await page.getByRole('button', { name: 'Resolve' }).click()
    const other = await fetch(`${address}/api/alerts/${id}/comment`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ comment: 'I am on it' }),
    })
    expect(other.status).toBe(200)
    // Whatever the page learns meanwhile, the dialog was opened before.
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Resolve', exact: true }).click()
    await page
      .getByText(/I am on it|changed by somebody else/)
      .first()
      .waitFor()
    await page.context().close()
  })

  it('an exception is proposed as JSON in the playground', async () => {
    const { id } = await idOf('mallory@')
    const { page, faults } = await browser.open()
    await page.goto(`${address}/alerts/${id}`)
    await page.getByRole('link', { name: 'Make an exception' }).click()
    await page.getByText('It does not match').waitFor()
    await page.getByText('Exceptions: one that holds').waitFor()
    expect(faults).toEqual([])
    await page.context().close()
  })

  it('the playground judges as one types, shows messages, and tries a rule on what is kept', async () => {
    const { page, faults } = await browser.open()
    await page.goto(`${address}/playground?rule=user-created`)
    await page.getByText('It matches').waitFor()
    await page
      .locator('.slack-header')
      .getByText(/created a user/)
      .waitFor()
    await page.getByRole('button', { name: 'Mail' }).click()
    await page.getByText(/Subject: \[HIGH\]/).waitFor()
    expect(await page.locator('iframe').getAttribute('sandbox')).toBe('')
    const mail = page.frameLocator('iframe').getByRole('heading', { name: /created a user/ })
    await mail.waitFor()
    const size = await mail.evaluate('getComputedStyle(document.querySelector("h1")).fontSize')
    expect(size).toBe('20px')
    await page.getByRole('button', { name: 'Run over recent events' }).click()
    await page.getByText(/alerts of \d+ kept events/).waitFor()
    const rule = page.getByRole('textbox', { name: 'Rule' })
    await rule.focus()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.press('Delete')
    await page.keyboard.insertText('{"id": "mine"')
    await page.getByText(/The rule is no JSON yet/).waitFor()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.press('Delete')
    await page.keyboard.insertText(JSON.stringify({ id: 'mine', severity: 'hihg' }))
    await page.getByText(/unknown value "hihg"/).waitFor()
    expect(await violations(page)).toEqual([])
    expect(faults).toEqual([])
    await page.context().close()
  })

  it('a silence is previewed, made and ended', async () => {
    const { id } = await idOf('trent@')
    const { page, faults } = await browser.open()
    await page.goto(`${address}/alerts/${id}?do=silence&for=2d`)
    expect(await page.getByLabel('2d', { exact: true }).isChecked()).toBe(true)
    await page.getByText(/It would mute/).waitFor()
    await page.getByRole('dialog').getByLabel('Why').fill('planned work')
    expect(await violations(page)).toEqual([])
    await page.getByRole('dialog').getByRole('button', { name: 'Silence', exact: true }).click()
    await page.waitForURL(/\/silences$/)
    await page.getByText('planned work').waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'End' }).click()
    await page.getByRole('button', { name: 'End it now' }).click()
    await page.getByText('expired').waitFor()
    expect(faults).toEqual([])
    await page.context().close()
  })

  it('rules, a rule and the service itself are shown, for everybody to read', async () => {
    const { page, faults } = await browser.open({ colorScheme: 'dark' })
    await page.goto(`${address}/rules`)
    await page.getByRole('link', { name: 'User created' }).waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Reload' }).click()
    await page.getByText('nothing has changed').waitFor()
    await page.getByRole('button', { name: 'ATT&CK' }).click()
    await page.getByText('T1136.003').waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole('link', { name: 'User created' }).click()
    await page.getByText('Tests: all pass').waitFor()
    expect(await violations(page)).toEqual([])
    await page.goto(`${address}/health`)
    const coverage = page.getByRole('group', { name: `Contract ${CONTRACT}` })
    await coverage.getByText(/^\d+ of \d+ entries evaluated$/).waitFor()
    await coverage.getByText('no gap').waitFor()
    await coverage
      .getByRole('img', { name: /Reading began .* evaluated up to .* without/ })
      .waitFor()
    expect(await violations(page)).toEqual([])
    await page.goto(`${address}/alerts?state=all`)
    await page.locator('.alert-row').first().waitFor()
    expect(await violations(page)).toEqual([])
    expect(faults).toEqual([])
    await page.context().close()
  })

  it('what an attacker wrote is text on every page', async () => {
    const { id } = await idOf('onerror')
    const { page, faults } = await browser.open()
    const places = [
      '/alerts?state=all',
      `/alerts/${id}`,
      `/alerts/${id}?do=silence`,
      '/playground?rule=user-created&event=event-2',
    ]
    for (const path of places) {
      await page.goto(`${address}${path}`)
      await page.getByText('onerror').locator('visible=true').first().waitFor()
      expect(await page.evaluate('window.pwned')).toBeUndefined()
      expect(await page.locator('img').count()).toBe(0)
    }
    await page.getByRole('button', { name: 'Mail' }).click()
    const mail = page.frameLocator('iframe')
    await mail.getByText('onerror').first().waitFor()
    expect(await mail.locator('img, script').count()).toBe(0)
    expect(await page.evaluate('window.pwned')).toBeUndefined()
    expect(faults).toEqual([])
    await page.context().close()
  })

  it('says that the connection is lost, and goes on when it is back', async () => {
    const { page } = await browser.open()
    await page.goto(`${address}/alerts?state=all`)
    await page.locator('.live.live').waitFor()
    await app.stop()
    await page.getByText('connection lost').waitFor()
    const { port } = new URL(address)
    app = await service.start({ http: { port: Number(port) } })
    service.simulator.addEntries(CONTRACT, [userCreated('peggy@example.com', { id: 'after' })])
    await page.getByRole('link', { name: title('peggy@example.com') }).waitFor()
    await page.locator('.live.live').waitFor()
    await page.context().close()
  })

  it('with tokens: asks for one, lets act who may, and comes back after the session ended', async () => {
    const guarded = await service.start({ http: { ...WITH_TOKENS, port: 0 } })
    const base = guarded.httpAddress as string
    const { id } = await idOf('mallory@')
    const { page, context } = await browser.open()
    const signIn = async (token: string) => {
      await page.getByLabel('Token').fill(token)
      await page.getByRole('button', { name: 'Sign in' }).click()
    }
    await page.goto(`${base}/alerts/${id}`)
    await signIn('wrong-token-0123456789')
    await page.getByText(/no such token/).waitFor()
    expect(await violations(page)).toEqual([])
    await signIn(TOKENS.viewer)
    await page.getByRole('heading', { name: title('mallory@example.com') }).waitFor()
    expect(await page.getByRole('button', { name: 'Resolve' }).count()).toBe(0)
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
})
