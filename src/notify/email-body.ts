// Owns how a message looks as mail: subject and text part. The HTML part: email-html.ts.
import { renderHtml } from './email-html.ts'
import { cut } from './escape.ts'
import { contextParts, defangMessage, type Message, subjectText } from './message.ts'
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
    [`${label}  ${title}${name === '' ? '' : `  (${name})`}`],
    notes.map((note) => `! ${note}`),
    summary === undefined || summary === title ? [] : [summary],
    contextParts(message),
    fields.map((field) => `${`${field.name}:`.padEnd(width + 1)} ${field.value}`),
    evidence === undefined ? [] : [message.evidenceTitle, tableText(evidence)],
    why === undefined ? [] : [`Why: ${why}`],
    message.description === undefined ? [] : [message.description],
    runbook === undefined ? [] : ['Runbook', runbook],
    list('Known false positives', message.falsePositives),
    list('References', message.references),
    message.links.map(({ label: what, url }) => `${what}: ${url}`),
  ]
  const text = blocks.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'))
  return `${cut(text.join('\n\n'), TEXT_LENGTH_MAX)}\n`
}

function list(heading: string, items: readonly string[]): readonly string[] {
  return items.length === 0 ? [] : [heading, ...items.map((item) => `- ${item}`)]
}
