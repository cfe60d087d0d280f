// Owns the pictures of messages in docs/: mails as a browser shows them, Slack's blocks as text. Both
// are made from the golden files of the tests: node scripts/message-pictures.mjs
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'

const PROJECT = fileURLToPath(new URL('..', import.meta.url))
const GOLDEN = join(PROJECT, 'test/notify/golden')
const IMAGES = join(PROJECT, 'docs/images')
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
/** Without these a browser without a network asks for things of its own, and waits. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const WIDTH = 760

/** Kinds of message, and what is said about each. */
const KINDS = [
  ['first', 'An alert opens.'],
  ['severity', 'Its severity rises.'],
  [
    'grown-late-repeat',
    'It grew; late, perhaps a repeat, and disputed: what a message can say about itself.',
  ],
  ['repeat', 'A reminder.'],
  ['escalation', 'Nobody acknowledged it in time.'],
  ['resolved', 'Somebody resolved it.'],
  ['withdrawn', 'A late entry showed that there was nothing.'],
  ['digest', 'More came than the budget of the receiver takes.'],
  ['digest-repeat', 'Several reminders are due together.'],
  ['test', '`tocsin send-test`.'],
  ['hostile', 'What an attacker writes into a user name is shown, and does nothing.'],
]

const PICTURES = [
  ['first', 'light'],
  ['first', 'dark'],
  ['digest', 'light'],
  ['hostile', 'light'],
]

mkdirSync(IMAGES, { recursive: true })
const profile = mkdtempSync(join(tmpdir(), 'tocsin-pictures-'))
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: CHROMIUM,
  args: FLAGS,
  viewport: { width: WIDTH, height: 400 },
  deviceScaleFactor: 1.5,
})
for (const [kind, colorScheme] of PICTURES) {
  const page = await browser.newPage()
  await page.emulateMedia({ colorScheme })
  await page.goto(pathToFileURL(join(GOLDEN, `${kind}.mail.html`)).href)
  const path = join(IMAGES, `mail-${kind}-${colorScheme}.png`)
  await page.screenshot({ path, fullPage: true })
  await page.close()
  console.log(path.slice(PROJECT.length))
}
await browser.close()
rmSync(profile, { recursive: true, force: true })

const sections = KINDS.map(([kind, about]) => {
  const { blocks } = JSON.parse(readFileSync(join(GOLDEN, `${kind}.slack.json`), 'utf8'))
  return `## ${kind}\n\n${about}\n\n\`\`\`text\n${blocks.map(blockText).join('\n')}\n\`\`\`\n`
})
const head = `# Messages

What receivers are told, made from the golden files of the tests by \`scripts/message-pictures.mjs\`.

## Mail

An alert, on light and on dark; a digest; and an attacker who tries.

![A mail about an alert](images/mail-first-light.png)

![The same on a dark screen](images/mail-first-dark.png)

![A digest of 412 alerts](images/mail-digest-light.png)

![A mail about a user whose name tries to do harm](images/mail-hostile-light.png)

Below are the same messages as Slack's blocks, as text: a header, lines, two columns of fields, a table, buttons.

`
writeFileSync(join(PROJECT, 'docs/messages.md'), `${head}${sections.join('\n')}`)
console.log('docs/messages.md')

/** A block as somebody would read it. */
function blockText(block) {
  if (block.type === 'header') return `# ${plain(block.text)}`
  if (block.type === 'context') return block.elements.map(plain).join(' · ')
  if (block.type === 'actions')
    return block.elements.map(({ text }) => `[ ${plain(text)} ]`).join(' ')
  const text = block.text === undefined ? [] : [plain(block.text)]
  const fields = []
  for (let at = 0; at < (block.fields ?? []).length; at += 2) {
    fields.push(`${plain(block.fields[at]).padEnd(14)} ${plain(block.fields[at + 1])}`)
  }
  return [...text, ...fields].join('\n')
}

/** Without Slack's marks and entities: `*bold*`, code blocks, `&lt;`. */
function plain({ type, text }) {
  const shown =
    type === 'mrkdwn' ? text.replace(/^```|```$/g, '').replace(/^\*(.*?)\*/, '$1') : text
  return shown.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}
