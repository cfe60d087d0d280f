// Owns the tests of the list of alerts and of the page of one: filters, keys, actions, a message's link
// on a phone, two responders at once.
import { expect, it } from 'vitest'
import { CONTRACT, userCreated } from '../acceptance/service.ts'
import { PHONE } from './browser.ts'
import { ALERTS, type Desk, expectAccessible, title } from './desk.ts'

export function alertTests(desk: () => Desk): void {
  it('lists alerts, lets filters stand in the address, and shows new ones by itself', async () => {
    const { page, faults } = await desk().show('/')
    const rows = page.locator('.alert-row')
    await page.getByRole('link', { name: title('mallory@example.com') }).waitFor()
    expect(new URL(page.url()).pathname).toBe('/alerts')
    const row = rows.filter({ hasText: title('mallory@example.com') })
    for (const text of ['high', 'open', 'user-created', 'user mallory@example.com', '1 event']) {
      expect(await row.innerText()).toContain(text)
    }
    expect(await row.locator('.sparkline rect').count()).toBe(1)
    // In the reader's zone, and UTC to hover.
    expect(await row.locator('time').getAttribute('title')).toMatch(/UTC/)

    await page.getByRole('searchbox').fill('eve@')
    await page.waitForURL(/q=eve/)
    await expect.poll(() => rows.count()).toBe(1)
    await page.reload()
    expect(await page.getByRole('searchbox').inputValue()).toBe('eve@')
    await page.getByRole('searchbox').fill('')
    await expect.poll(() => rows.count()).toBe(ALERTS)
    const severities = page.getByRole('group', { name: 'Severity' })
    await severities.getByRole('button', { name: 'low' }).click()
    await page.waitForURL(/severity=low/)
    await expect.poll(() => rows.count()).toBe(1)
    await severities.getByRole('button', { name: 'low' }).click()
    await page.getByLabel('Time').selectOption('1h')
    await page.waitForURL(/from=1h/)
    await page.getByRole('group', { name: 'State' }).getByRole('button', { name: 'open' }).click()
    await page.waitForURL(/state=acknowledged/)
    await page.getByText('No alert fits these filters').waitFor()
    await page.getByRole('link', { name: 'Show all that are open' }).click()
    await page.getByLabel('Group value').selectOption('user:mallory@example.com')
    await page.waitForURL(/group=user%3Amallory%40example.com/)
    await expect.poll(() => rows.count()).toBe(1)
    await page.getByRole('button', { name: /user: mallory@example.com/ }).click()
    await expect.poll(() => rows.count()).toBe(ALERTS)

    await page.locator('.live.live').waitFor()
    desk().service.simulator.addEntries(CONTRACT, [
      userCreated('trent@example.com', { id: 'live' }),
    ])
    await page.getByRole('link', { name: title('trent@example.com') }).waitFor()
    await expectAccessible(page)
    await page.goto(`${desk().address}/alerts?rule=user-created`)
    await expect.poll(() => rows.count()).toBe(4)
    await page.getByRole('button', { name: /rule: user-created/ }).click()
    await expect.poll(() => rows.count()).toBe(ALERTS + 1)
    expect(faults).toEqual([])
    await page.close()
  })

  it('is used by keyboard alone: search, go down, acknowledge, silence, open, help', async () => {
    const { page, faults } = await desk().show('/alerts')
    await page.getByRole('link', { name: title('trent@example.com') }).waitFor()
    await page.keyboard.press('/')
    // As slowly as the address follows: a letter that comes while it does was lost once.
    await page.keyboard.type('trent', { delay: 200 })
    await page.waitForURL(/q=trent/)
    // A row that is chosen before would be gone with what the search leaves out.
    await expect.poll(() => page.locator('.alert-row').count()).toBe(1)
    await page.keyboard.press('Escape')
    await page.keyboard.press('j')
    await page.keyboard.press('s')
    await page.getByRole('dialog', { name: 'Silence' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.keyboard.press('r')
    await page.getByRole('dialog', { name: /Resolve/ }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.keyboard.press('a')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Enter')
    await page.locator('.alert-row.acknowledged').waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: title('trent@example.com'), level: 1 }).waitFor()
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await expectAccessible(page)
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.keyboard.press('Escape')
    await page.waitForURL(/\/alerts$/)
    for (const [key, path] of ['r', 'p', 's', 'h', 'a'].map((one, at) => [one, PATHS[at]])) {
      await page.keyboard.press('g')
      await page.keyboard.press(key as string)
      await page.waitForURL((url) => url.pathname === path)
    }
    expect(faults).toEqual([])
    await page.close()
  })

  it('a link from a message, on a phone: nothing happens before the confirming touch', async () => {
    const { id } = await desk().alert('mallory@')
    const { page, faults } = await desk().browser.open({ viewport: PHONE, hasTouch: true })
    await page.goto(`${desk().address}/alerts/${id}?do=acknowledge`)
    const dialog = page.getByRole('dialog', { name: /Acknowledge A-/ })
    await dialog.waitFor()
    expect((await desk().alert('mallory@')).state).toBe('open')
    await dialog.getByLabel(/Comment/).fill('on my way')
    await dialog.getByRole('button', { name: 'Acknowledge', exact: true }).tap()
    await page.locator('.alert-head .state.acknowledged').waitFor()
    await page.getByText('on my way').waitFor()
    expect((await desk().alert('mallory@')).state).toBe('acknowledged')
    // A colleague opens the same message later: the alert says who has it.
    await page.goto(`${desk().address}/alerts/${id}`)
    await page.locator('.alert-head .state.acknowledged').waitFor()
    await page.locator('.timeline').getByText('on my way').waitFor()
    expect(await page.getByRole('dialog').count()).toBe(0)
    const width = await page.evaluate('document.documentElement.scrollWidth')
    expect(width).toBeLessThanOrEqual(PHONE.width)
    await expectAccessible(page)
    expect(faults).toEqual([])
    await page.context().close()
  })

  it('shows what happened, why, and the entry; comments and resolves', async () => {
    const { id } = await desk().alert('eve@')
    const { page, faults } = await desk().show(`/alerts/${id}`)
    await page.getByText(/One event at/).waitFor()
    await page.getByText('slack', { exact: true }).first().waitFor()
    const why = page.locator('.why')
    expect(await why.innerText()).toMatch(/✓[\s\S]*actions[\s\S]*"sec.user.create"/)
    await page.locator('.evidence summary').first().click()
    expect(await page.locator('.evidence .json').innerText()).toContain(
      '"sourceIP": "203.0.113.42"',
    )
    await page.getByText('Ask who did it.').waitFor()
    await page.getByText('A new colleague').waitFor()
    await page.getByRole('heading', { name: 'Other alerts of this user' }).waitFor()
    const address = page.getByRole('region', { name: 'Other alerts of this address' })
    await address.getByRole('link', { name: title('mallory@example.com') }).waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Comment' }).click()
    await page.getByRole('dialog').getByRole('textbox').fill('asked them')
    await page.getByRole('dialog').getByRole('button', { name: 'Comment', exact: true }).click()
    await page.locator('.timeline').getByText('asked them').waitFor()
    await page.getByRole('button', { name: 'Resolve' }).click()
    await page.getByRole('dialog').getByLabel('a false positive').check()
    await expectAccessible(page)
    await page.getByRole('dialog').getByRole('button', { name: 'Resolve', exact: true }).click()
    await page.locator('.alert-head .state.resolved').waitFor()
    expect(faults).toEqual([])
    await page.goto(`${desk().address}/alerts/ffffffffffffffffffff-9`)
    await page.getByText('There is no such alert').waitFor()
    await page.close()
  })

  it('of two responders at once, the second is told and nothing is overwritten', async () => {
    const { id } = await desk().alert('trent@')
    const { page } = await desk().show(`/alerts/${id}`)
    await page.getByRole('button', { name: 'Resolve' }).click()
    const other = await fetch(`${desk().address}/api/alerts/${id}/comment`, {
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
    await page.close()
  })

  it('a silence is previewed, made and ended', async () => {
    const { id } = await desk().alert('trent@')
    const { page, faults } = await desk().show(`/alerts/${id}?do=silence&for=2d`)
    expect(await page.getByLabel('2d', { exact: true }).isChecked()).toBe(true)
    const matchers = await page.getByLabel('Alerts with').inputValue()
    expect(matchers).toMatch(/rule = user-created\n[\s\S]*trent@example.com/)
    await page.getByText(/It would mute/).waitFor()
    await page.getByRole('dialog').getByLabel('Why').fill('planned work')
    await expectAccessible(page)
    await page.getByRole('dialog').getByRole('button', { name: 'Silence', exact: true }).click()
    await page.waitForURL(/\/silences$/)
    await page.getByText('planned work').waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'End' }).click()
    await page.getByRole('button', { name: 'End it now' }).click()
    await page.getByText('expired').waitFor()
    expect(faults).toEqual([])
    await page.close()
  })
}

const PATHS = ['/rules', '/playground', '/silences', '/health', '/alerts']
