// Owns the tests of the pages about rules: the list with its numbers and problems, the editor that
// knows the schema, the playground, exceptions.
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { type Desk, expectAccessible, title } from './desk.ts'

async function write(page: Page, name: 'Rule' | 'Entry', text: string): Promise<void> {
  const field = page.locator('.cm-editor').getByRole('textbox', { name })
  await field.focus()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.press('Delete')
  await page.keyboard.insertText(text)
}

export function ruleTests(desk: () => Desk): void {
  it('rules are shown with what they do, what is wrong with some, and what they cover', async () => {
    const { page, faults } = await desk().show('/rules')
    await page.getByRole('link', { name: 'User created' }).waitFor()
    await page.getByText('Found when the rules were loaded').waitFor()
    await page.getByText(/unknown value "hihg"/).waitFor()
    const heads = await page.getByRole('columnheader').allInnerTexts()
    expect(heads.map((head) => head.replace(' ↓', ''))).toEqual(COLUMNS)
    await page.getByRole('button', { name: 'Noise' }).click()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Reload' }).click()
    await page.getByText('nothing has changed').waitFor()
    await page.getByRole('button', { name: 'ATT&CK' }).click()
    await page.getByText('T1136.003').waitFor()
    await expectAccessible(page)
    expect(faults).toEqual([])
    await page.close()
  })

  it('a rule is written in an editor that completes, explains, and shows problems', async () => {
    const { page, faults } = await desk().show('/rules/user-created')
    await page.getByText('Tests: all pass').waitFor()
    await page.locator('.volume canvas').waitFor()
    await page.getByRole('img', { name: /Matches in \d+ of 168 hours|No match/ }).waitFor()
    const editor = page.locator('.cm-editor')
    await editor.waitFor()
    await expectAccessible(page)

    // Names of facts, with what they mean; then operators.
    const offered = editor.locator('.cm-tooltip-autocomplete li')
    await write(page, 'Rule', '{ "conditions": { "all": [ { "fact": "resourceI')
    await page.keyboard.press('Control+ ')
    await offered.filter({ hasText: /^resourceId/ }).waitFor()
    expect(await editor.locator('.cm-completionInfo').innerText()).toBe('id of the main resource')
    await offered.filter({ hasText: /^resourceId/ }).click()
    await page.keyboard.type(', "operator": "notI')
    await offered.filter({ hasText: /^notIn/ }).click()
    await expect
      .poll(() => editor.innerText())
      .toContain('"fact": "resourceId", "operator": "notIn"')
    await page.keyboard.type(', "')
    await offered.filter({ hasText: /^value/ }).waitFor()
    await page.keyboard.press('Escape')

    // What is wrong stands at its line, and in words.
    await write(page, 'Rule', BAD_RULE)
    await page.getByText(/unknown value "hihg"/).waitFor()
    await editor.locator('.cm-lint-marker-error').first().waitFor()
    const marked = editor.locator('.cm-line', { has: page.locator('.cm-lintRange-error') })
    expect(await marked.allInnerTexts()).toContainEqual(
      expect.stringContaining('"severity": "hihg"'),
    )
    await write(page, 'Rule', '{ "id": ')
    await page.getByText(/The rule is no JSON yet/).waitFor()

    // The tests are those of what is written.
    const { source } = (await (await fetch(`${desk().address}/api/rules/user-created`)).json()) as {
      source: Record<string, unknown>
    }
    const tests = [{ name: 'none of it', alerts: 1, events: [{ user: 'a' }] }]
    await write(page, 'Rule', JSON.stringify({ ...source, tests }))
    await page.getByText('Tests: 1 fail').waitFor()
    await page.getByText('Of what is written in the editor now.').waitFor()
    expect(faults).toEqual([])
    await page.close()
  })

  it('an exception is proposed as JSON in the playground', async () => {
    const { id } = await desk().alert('mallory@')
    const { page, faults } = await desk().show(`/alerts/${id}`)
    await page.getByRole('link', { name: 'Make an exception' }).click()
    await page.getByText('It does not match').waitFor()
    await page.getByText('Exceptions: one that holds').waitFor()
    expect(faults).toEqual([])
    await page.close()
  })

  it('the playground judges as one types, shows messages, and tries a rule on 7 days', async () => {
    const { page, faults } = await desk().show('/playground?rule=user-created')
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
    const raised = page.getByRole('region', { name: 'In the last 7 days' })
    await raised.getByText(title('eve@example.com')).waitFor()
    await raised.getByText(title('mallory@example.com')).waitFor()
    await expectAccessible(page)

    // Another event of the past, then an entry that was pasted.
    const events = page.getByLabel('Take a recent event')
    await events.selectOption('hostile')
    await page.getByText('It does not match').waitFor()
    const entry = { meta: {}, event: { resources: [{ action: ['sec.user.create'] }] } }
    await write(page, 'Entry', JSON.stringify(entry))
    await page.getByText('It matches').waitFor()

    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save as file' }).click()
    const file = await download
    expect(file.suggestedFilename()).toBe('user-created.json')
    expect(JSON.parse(readFileSync(await file.path(), 'utf8'))).toMatchObject({
      id: 'user-created',
    })
    await write(page, 'Rule', '{"id": "mine"')
    await page.getByText(/The rule is no JSON yet/).waitFor()
    await write(page, 'Rule', JSON.stringify({ id: 'mine', severity: 'hihg' }))
    await page.getByText(/unknown value "hihg"/).waitFor()
    expect(faults).toEqual([])
    // Nothing of it is on the server.
    expect((await fetch(`${desk().address}/api/rules/mine`)).status).toBe(404)
    await page.close()
  })
}

const COLUMNS = [
  'Rule',
  'Severity',
  'State',
  'Matches 24 h',
  '7 d',
  'Alerts 24 h',
  '7 d',
  'Noise',
  'µs / event',
  'Last match',
]

const BAD_RULE = `{
  "id": "user-created",
  "title": "Bad",
  "severity": "hihg",
  "conditions": { "all": [{ "fact": "user", "operator": "equal", "value": "a" }] }
}`
