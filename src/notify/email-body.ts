// Owns how a message looks as mail: subject, text part, HTML part. Headers and sending: email.ts.
import type { Severity } from '../core/severity.ts'
import { cut, htmlText } from './escape.ts'
import type { Table } from './evidence-table.ts'
import { contextParts, defangMessage, linkOf, type Message, subjectText } from './message.ts'
import { tableText } from './table-text.ts'

export type MailBody = { readonly subject: string; readonly text: string; readonly html: string }

/** Beyond it mail programs show nothing of a subject. */
const SUBJECT_LENGTH_MAX = 180
const TEXT_LENGTH_MAX = 20_000
/** A longer label stands out rather than moving all values to the right. */
const LABEL_WIDTH_MAX = 24

/** Subject and both parts; everything of events is defanged, and in HTML escaped. */
export function renderMail(message: Message): MailBody {
  const safe = defangMessage(message)
  // `=?` would begin an encoded word (RFC 2047), in which an attacker can write line ends.
  const subject = subjectText(safe, SUBJECT_LENGTH_MAX).replaceAll('=?', '= ?')
  return { subject, text: renderText(safe), html: renderHtml(safe, subject) }
}

function renderText(message: Message): string {
  const { label, name, title, summary, notes, fields, evidence, why, runbook } = message
  const width = Math.min(LABEL_WIDTH_MAX, Math.max(0, ...fields.map((field) => field.name.length)))
  const blocks = [
    [`${label}  ${title}  (${name})`],
    notes.map((note) => `! ${note}`),
    summary === undefined || summary === title ? [] : [summary],
    contextParts(message),
    fields.map((field) => `${`${field.name}:`.padEnd(width + 1)} ${field.value}`),
    evidence === undefined ? [] : ['Evidence', tableText(evidence)],
    why === undefined ? [] : [`Why: ${why}`],
    message.description === undefined ? [] : [message.description],
    runbook === undefined ? [] : ['Runbook', runbook],
    list('Known false positives', message.falsePositives),
    list('References', message.references),
  ]
  const text = blocks.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'))
  return `${cut(text.join('\n\n'), TEXT_LENGTH_MAX)}\n`
}

function list(heading: string, items: readonly string[]): readonly string[] {
  return items.length === 0 ? [] : [heading, ...items.map((item) => `- ${item}`)]
}

/** White text on each is readable (contrast ≥ 4.5) whether the page around is light or dark. */
const SEVERITY_COLOURS: Readonly<Record<Severity, string>> = {
  info: '#57606a',
  low: '#0969da',
  medium: '#7d5700',
  high: '#b34700',
  critical: '#c1121f',
}

const FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
const MONO = 'font-family:ui-monospace,Menlo,Consolas,monospace;font-size:13px'
/** Half transparent: a line that is visible on light and on dark. */
const RULE_COLOUR = '#8c959f80'

function renderHtml(message: Message, subject: string): string {
  const { severity, label, name, title, summary, why, runbook, description } = message
  const badge = `display:inline-block;padding:2px 8px;border-radius:4px;background:${SEVERITY_COLOURS[severity]};color:#ffffff;font-weight:bold`
  const parts = [
    `<p style="margin:0 0 8px"><span style="${badge}">${htmlText(label)}</span> <span style="opacity:.7">${htmlText(name)}</span></p>`,
    `<h1 style="margin:0 0 12px;font-size:20px">${foreign(title)}</h1>`,
    ...message.notes.map(
      (note) =>
        `<p style="margin:0 0 8px;padding:6px 10px;border-left:3px solid #bf8700">${htmlText(note)}</p>`,
    ),
    summary === undefined || summary === title ? '' : paragraph(foreign(summary)),
    paragraph(contextParts(message).map(foreign).join('<br>')),
    fieldTable(message),
    message.evidence === undefined ? '' : heading('Evidence') + evidenceHtml(message.evidence),
    why === undefined ? '' : heading('Why') + paragraph(foreign(why)),
    description === undefined ? '' : paragraph(lines(description)),
    runbook === undefined ? '' : heading('Runbook') + paragraph(linkOrLines(runbook)),
    htmlList('Known false positives', message.falsePositives),
    htmlList('References', message.references),
  ]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${htmlText(subject)}</title>
</head>
<body style="margin:0;padding:16px;${FONT};font-size:15px;line-height:1.45">
<div style="max-width:720px">
${parts.filter((part) => part !== '').join('\n')}
</div>
</body>
</html>
`
}

/** Text of events: escaped, and its direction of writing stays inside. */
function foreign(text: string): string {
  return `<bdi>${lines(text)}</bdi>`
}

function lines(text: string): string {
  return htmlText(text).replaceAll('\n', '<br>')
}

function paragraph(html: string): string {
  return `<p style="margin:0 0 12px">${html}</p>`
}

function heading(text: string): string {
  return `<h2 style="margin:16px 0 6px;font-size:15px">${htmlText(text)}</h2>\n`
}

function linkOrLines(text: string): string {
  const link = linkOf(text)
  if (link === undefined) return lines(text)
  const url = htmlText(link)
  return `<a href="${url}" rel="noopener noreferrer">${url}</a>`
}

function htmlList(title: string, items: readonly string[]): string {
  if (items.length === 0) return ''
  const entries = items.map((item) => `<li>${linkOrLines(item)}</li>`).join('')
  return `${heading(title)}<ul style="margin:0 0 12px;padding-left:20px">${entries}</ul>`
}

const CELL = `padding:4px 12px 4px 0;border-bottom:1px solid ${RULE_COLOUR};text-align:left;vertical-align:top`

function fieldTable({ fields }: Message): string {
  if (fields.length === 0) return ''
  const rows = fields.map(
    ({ name, value }) =>
      `<tr><th style="${CELL};font-weight:600;white-space:nowrap">${htmlText(name)}</th><td style="${CELL};word-break:break-word">${foreign(value)}</td></tr>`,
  )
  return table(rows)
}

function evidenceHtml({ columns, rows, hidden }: Table): string {
  const head = columns.map((column) => `<th style="${CELL}">${htmlText(column)}</th>`).join('')
  const body = rows.map(
    (row) => `<tr>${row.map((cell) => `<td style="${CELL}">${foreign(cell)}</td>`).join('')}</tr>`,
  )
  const more = hidden > 0 ? paragraph(`… and ${hidden} more`) : ''
  return `${table([`<tr>${head}</tr>`, ...body], MONO)}${more}`
}

function table(rows: readonly string[], style = ''): string {
  return `<table style="border-collapse:collapse;margin:0 0 12px;${style}">\n${rows.join('\n')}\n</table>`
}
