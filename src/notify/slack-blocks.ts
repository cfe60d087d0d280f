// Owns how a message looks in Slack: Block Kit within Slack's limits. Sending it: slack.ts.
import type { ActionsBlock, ContextBlock, HeaderBlock, SectionBlock } from '@slack/types'
import type { Field } from '../core/alert.ts'
import { breakMentions, defang, encodeUpTo, slackCode, slackText } from './escape.ts'
import type { Table } from './evidence-table.ts'
import { contextParts, linkOf, type Message, subjectText, type Tone } from './message.ts'
import { tableText } from './table-text.ts'

export type SlackBlock = ActionsBlock | HeaderBlock | SectionBlock | ContextBlock

/** What is posted. `mrkdwn: false` keeps the stars and backticks of a user name what they are. */
export type SlackPayload = {
  readonly text: string
  readonly mrkdwn: false
  readonly link_names: false
  readonly unfurl_links: false
  readonly unfurl_media: false
  readonly blocks: SlackBlock[]
}

/** https://docs.slack.dev/reference/block-kit/blocks: characters of one text, after escaping. */
const HEADER_LENGTH_MAX = 150
const SECTION_LENGTH_MAX = 3_000
const SECTION_FIELDS_MAX = 10
const CONTEXT_ELEMENTS_MAX = 10
/** Ours, smaller than Slack's 2,000: sixteen of them must leave room for the rest. */
const FIELD_LENGTH_MAX = 300
const EVIDENCE_LENGTH_MAX = 2_000
const RUNBOOK_LENGTH_MAX = 1_500
const TEXT_LENGTH_MAX = 3_000
/**
 * Slack refuses messages of about 12,000 characters (`msg_blocks_too_long`) and doesn't say how it
 * counts (slackapi/bolt-js#2509, #2867): JSON and all is the count that is never too low.
 */
export const BLOCKS_LENGTH_MAX = 12_000

const MARKS: Readonly<Record<Tone, string>> = {
  info: '⚪',
  low: '🔵',
  medium: '🟡',
  high: '🟠',
  critical: '🔴',
  over: '✅',
  test: '🔧',
}

/** A block, and how early it is left out when all of them are too long: 0 stays always. */
type Piece = { readonly block: SlackBlock; readonly dropFirst: number }

/** The whole payload: escaped, bounded, with a text where blocks are not shown. */
export function renderSlack(message: Message): SlackPayload {
  return {
    text: renderSlackText(message),
    mrkdwn: false,
    link_names: false,
    unfurl_links: false,
    unfurl_media: false,
    blocks: fit(piecesOf(message)),
  }
}

/** What happens later, short: the message above the thread has the rest. */
export function renderThreadReply(message: Message): SlackPayload {
  const { notes, label, count, when } = message
  const text = notes.length === 0 ? `${label}: ${count}, ${when}` : notes.join('\n')
  return {
    text: encodeUpTo(breakMentions(defang(text)), SECTION_LENGTH_MAX, slackText),
    mrkdwn: false,
    link_names: false,
    unfurl_links: false,
    unfurl_media: false,
    blocks: [section(`${MARKS[message.tone]} ${text}`), context([count, when])],
  }
}

function piecesOf(message: Message): readonly Piece[] {
  const { title, notes, summary, evidence, why, runbook, description } = message
  const subject = subjectText(message, HEADER_LENGTH_MAX - 3)
  const lead = [...notes.map((note) => `⚠ ${note}`), ...(subject.includes(title) ? [] : [title])]
  if (summary !== undefined && summary !== title) lead.push(summary)
  const rows = fieldRows(message.fields)
  return [
    { block: header(`${MARKS[message.tone]} ${subject}`), dropFirst: 0 },
    ...maybe(lead.join('\n'), 0, section),
    { block: context(contextParts(message)), dropFirst: 0 },
    ...rows.map((block, index) => ({ block, dropFirst: index })),
    ...(evidence === undefined ? [] : [{ block: table(evidence), dropFirst: 6 }]),
    ...maybe(why === undefined ? '' : `Why: ${why}`, 3, section),
    ...(runbook === undefined ? [] : [{ block: runbookSection(runbook), dropFirst: 1 }]),
    ...maybe(description ?? '', 8, (text) => context([text])),
    ...maybe(message.falsePositives.join(' · '), 9, (text) =>
      context([`Known false positives: ${text}`]),
    ),
    ...references(message.references),
    ...buttons(message),
  ]
}

/** Links that look like buttons: what they lead to asks for a confirming click. */
function buttons({ links }: Message): Piece[] {
  if (links.length === 0) return []
  const elements = links.map(({ label, url }) => ({
    type: 'button' as const,
    text: { type: 'plain_text' as const, text: label, emoji: false },
    url,
    // Slack wants a different one for each, and sends it nowhere: nothing listens to it.
    action_id: `link:${label.toLowerCase().replace(/\W+/g, '-')}`,
  }))
  return [{ block: { type: 'actions', elements }, dropFirst: 0 }]
}

function maybe(text: string, dropFirst: number, make: (text: string) => SlackBlock): Piece[] {
  return text === '' ? [] : [{ block: make(text), dropFirst }]
}

/** Leaves out what matters least until the rest is short enough; says that it did. */
function fit(pieces: readonly Piece[]): SlackBlock[] {
  const kept = [...pieces]
  const blocks = (): SlackBlock[] =>
    kept.length === pieces.length
      ? kept.map((piece) => piece.block)
      : [...kept.map((piece) => piece.block), context(['Cut: the alert holds more.'])]
  while (JSON.stringify(blocks()).length > BLOCKS_LENGTH_MAX) {
    const least = kept.reduce((one, other) => (other.dropFirst > one.dropFirst ? other : one))
    if (least.dropFirst === 0) break
    kept.splice(kept.indexOf(least), 1)
  }
  return blocks()
}

function plain(text: string, lengthMax: number) {
  return {
    type: 'plain_text' as const,
    text: encodeUpTo(text, lengthMax, slackText),
    // `:name:` in an attacker's text must not become a picture.
    emoji: false,
  }
}

/** Only for words of ours and code blocks: here stars, underscores and backticks mean something. */
function marked(text: string) {
  return { type: 'mrkdwn' as const, text, verbatim: true }
}

function header(text: string): HeaderBlock {
  return { type: 'header', text: plain(text, HEADER_LENGTH_MAX) }
}

function section(text: string): SectionBlock {
  return { type: 'section', text: plain(text, SECTION_LENGTH_MAX) }
}

function context(parts: readonly string[]): ContextBlock {
  const elements = parts.slice(0, CONTEXT_ELEMENTS_MAX)
  return { type: 'context', elements: elements.map((part) => plain(part, SECTION_LENGTH_MAX)) }
}

/** Two columns: labels left in bold, values right as they are. */
function fieldRows(fields: readonly Field[]): SectionBlock[] {
  const perSection = SECTION_FIELDS_MAX / 2
  const blocks: SectionBlock[] = []
  for (let start = 0; start < fields.length; start += perSection) {
    const pairs = fields
      .slice(start, start + perSection)
      .flatMap(({ name, value }) => [
        marked(`*${slackText(name.replace(/[*_~`]/g, ' '))}*`),
        plain(value, FIELD_LENGTH_MAX),
      ])
    blocks.push({ type: 'section', fields: pairs })
  }
  return blocks
}

function table(evidence: Table): SectionBlock {
  const text = encodeUpTo(tableText(evidence), EVIDENCE_LENGTH_MAX - 6, slackCode)
  return { type: 'section', text: marked(`\`\`\`${text}\`\`\``) }
}

function runbookSection(runbook: string): SectionBlock {
  const link = linkOf(runbook)
  if (link !== undefined) {
    return { type: 'section', text: marked(`*Runbook* <${slackText(link)}>`) }
  }
  return { type: 'section', text: plain(`Runbook\n${runbook}`, RUNBOOK_LENGTH_MAX) }
}

function references(items: readonly string[]): Piece[] {
  if (items.length === 0) return []
  const elements = items.slice(0, CONTEXT_ELEMENTS_MAX).map((item) => {
    const link = linkOf(item)
    return link === undefined ? plain(item, SECTION_LENGTH_MAX) : marked(`<${slackText(link)}>`)
  })
  return [{ block: { type: 'context', elements }, dropFirst: 7 }]
}

/** For notifications on phones, screen readers, and when Slack does not take the blocks. */
function renderSlackText(message: Message): string {
  const { summary, why, runbook } = message
  const lines = [
    subjectText(message, SECTION_LENGTH_MAX),
    ...message.notes,
    ...(summary === undefined ? [] : [summary]),
    contextParts(message).join(' · '),
    ...message.fields.map(({ name, value }) => `${name}: ${value}`),
    ...(why === undefined ? [] : [`Why: ${why}`]),
    ...(runbook === undefined ? [] : [`Runbook: ${runbook}`]),
  ]
  const safe = breakMentions(defang(lines.join('\n')))
  return encodeUpTo(safe, TEXT_LENGTH_MAX, slackText)
}
