// Owns the HTML part of a mail: everything escaped, nothing loaded, readable on light and on dark.
import { htmlText } from './escape.ts'
import { hiddenText, type Table } from './evidence-table.ts'
import { contextParts, linkOf, type Message, type Tone } from './message.ts'

/** White text on each has a contrast of at least 4.5, whatever the page around. */
const TONE_COLOURS: Readonly<Record<Tone, string>> = {
  info: '#57606a',
  low: '#0969da',
  medium: '#7d5700',
  high: '#b34700',
  critical: '#c1121f',
  over: '#1a7f37',
  test: '#57606a',
}

const SANS = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
/** Half transparent: a line that is visible on light and on dark. */
const CELL_LINE = 'border-bottom:1px solid #8c959f80'
const CELL = `padding:4px 12px 4px 0;${CELL_LINE};text-align:left;vertical-align:top`
/** A word without an end must not make the mail wider than the screen; a time stays in one piece. */
const CELL_WRAPPED = `${CELL};overflow-wrap:anywhere`
const CELL_WHOLE = `${CELL};white-space:nowrap`

/** Mail programs drop style sheets, so every element carries its own. */
const STYLE = {
  body: `margin:0;padding:16px;${SANS};font-size:15px;line-height:1.45`,
  badge: 'display:inline-block;padding:2px 8px;border-radius:4px;color:#ffffff;font-weight:bold',
  top: 'margin:0 0 8px',
  title: 'margin:0 0 12px;font-size:20px',
  heading: 'margin:16px 0 6px;font-size:15px',
  note: 'margin:0 0 8px;padding:6px 10px;border-left:3px solid #bf8700',
  paragraph: 'margin:0 0 12px',
  list: 'margin:0 0 12px;padding-left:20px',
  table: 'border-collapse:collapse;margin:0 0 12px',
  code: 'font-family:ui-monospace,Menlo,Consolas,monospace;font-size:13px',
  buttons: 'margin:16px 0 0',
  button:
    'display:inline-block;margin:0 8px 8px 0;padding:6px 12px;border:1px solid #8c959f;border-radius:6px;text-decoration:none;font-weight:600',
  label: `${CELL_WRAPPED};font-weight:600;min-width:80px`,
  value: CELL_WRAPPED,
} as const

/** A whole document. The message is defanged already; `subject` becomes the title. */
export function renderHtml(message: Message, subject: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${htmlText(subject)}</title>
</head>
<body style="${STYLE.body}">
<div style="max-width:720px">
${partsOf(message).join('\n')}
</div>
</body>
</html>
`
}

function partsOf(message: Message): readonly string[] {
  const { title, summary, notes, evidence, why, description, runbook } = message
  return [
    badge(message),
    element('h1', STYLE.title, foreign(title)),
    ...notes.map((note) => element('p', STYLE.note, htmlText(note))),
    summary === undefined || summary === title ? '' : paragraph(foreign(summary)),
    paragraph(contextParts(message).map(foreign).join('<br>')),
    fieldTable(message),
    evidence === undefined ? '' : heading(message.evidenceTitle) + evidenceTable(evidence),
    why === undefined ? '' : heading('Why') + paragraph(foreign(why)),
    description === undefined ? '' : paragraph(lines(description)),
    runbook === undefined ? '' : heading('Runbook') + paragraph(linkOrLines(runbook)),
    list('Known false positives', message.falsePositives),
    list('References', message.references),
    buttons(message),
  ].filter((part) => part !== '')
}

function badge({ tone, label, name }: Message): string {
  const style = `${STYLE.badge};background:${TONE_COLOURS[tone]}`
  const number = element('span', 'opacity:.7', htmlText(name))
  return element('p', STYLE.top, `${element('span', style, htmlText(label))} ${number}`)
}

/** Links that look like buttons; the pages they lead to change nothing before another click. */
function buttons({ links }: Message): string {
  const all = links.map(
    ({ label, url }) =>
      `<a href="${htmlText(url)}" style="${STYLE.button}" rel="noopener noreferrer">${htmlText(label)}</a>`,
  )
  return all.length === 0 ? '' : element('p', STYLE.buttons, all.join(' '))
}

/** `html` is taken as it is: whoever calls has escaped it. */
function element(tag: string, style: string, html: string): string {
  return `<${tag} style="${style}">${html}</${tag}>`
}

/** Text of events: escaped, and its direction of writing stays inside. */
function foreign(text: string): string {
  return `<bdi>${lines(text)}</bdi>`
}

function lines(text: string): string {
  return htmlText(text).replaceAll('\n', '<br>')
}

function paragraph(html: string): string {
  return element('p', STYLE.paragraph, html)
}

function heading(text: string): string {
  return `${element('h2', STYLE.heading, htmlText(text))}\n`
}

function linkOrLines(text: string): string {
  const link = linkOf(text)
  if (link === undefined) return lines(text)
  const url = htmlText(link)
  return `<a href="${url}" rel="noopener noreferrer">${url}</a>`
}

function list(title: string, items: readonly string[]): string {
  if (items.length === 0) return ''
  const entries = items.map((item) => `<li>${linkOrLines(item)}</li>`)
  return heading(title) + element('ul', STYLE.list, entries.join(''))
}

function fieldTable({ fields }: Message): string {
  if (fields.length === 0) return ''
  const rows = fields.map(
    ({ name, value }) =>
      element('th', STYLE.label, htmlText(name)) + element('td', STYLE.value, foreign(value)),
  )
  return table(rows, STYLE.table)
}

function evidenceTable(shown: Table): string {
  const { columns, rows } = shown
  const head = columns.map((column) => element('th', CELL_WHOLE, htmlText(column))).join('')
  const body = rows.map((row) =>
    row
      .map((cell, at) => element('td', at === 0 ? CELL_WHOLE : CELL_WRAPPED, foreign(cell)))
      .join(''),
  )
  const hidden = hiddenText(shown)
  const more = hidden === undefined ? '' : `\n${paragraph(hidden)}`
  return table([head, ...body], `${STYLE.table};${STYLE.code}`) + more
}

function table(rows: readonly string[], style: string): string {
  const all = rows.map((row) => `<tr>${row}</tr>`).join('\n')
  return element('table', style, `\n${all}\n`)
}
