// Owns what any message says: words, order, bounds. Look and escaping are the receivers' matter.
import { type Alert, alertName, type Field, type Notification, type Reason } from '../core/alert.ts'
import type { Severity } from '../core/severity.ts'
import { cut, defang, manyLines, oneLine } from './escape.ts'
import { evidenceTable, type Table } from './evidence-table.ts'
import { factLabel } from './fact-label.ts'
import { alertLinks, type Link } from './links.ts'
import { durationText, type TimeText } from './time-text.ts'
import { whyText } from './why-text.ts'

/** What colour a message has: how bad it is, or that it is over, or that it means nothing. */
export type Tone = Severity | 'over' | 'test'

/** All texts are free of hidden characters and bounded; none is escaped for where it goes. */
export type Message = {
  /** `HIGH`, or what the message is about: `RESOLVED`, `WITHDRAWN`, `TEST`, `DIGEST`. */
  readonly label: string
  readonly tone: Tone
  readonly severity: Severity
  /** `A-1042`; empty in a digest. */
  readonly name: string
  readonly title: string
  /** Whole sentences: why this message comes, and what to know before believing it. */
  readonly notes: readonly string[]
  readonly summary: string | undefined
  /** `title (id)`; empty in a digest, as is the contract. */
  readonly rule: string
  readonly contract: string
  /** `12 events`, or `12 alerts` in a digest. */
  readonly count: string
  readonly when: string
  /** Labels and values; the values come from events. */
  readonly fields: readonly Field[]
  readonly evidence: Table | undefined
  /** What stands above the table. */
  readonly evidenceTitle: string
  readonly why: string | undefined
  readonly description: string | undefined
  /** Several lines, or one URL. */
  readonly runbook: string | undefined
  readonly references: readonly string[]
  readonly falsePositives: readonly string[]
  /** Pages of the console, ours and safe; none where it has no address. */
  readonly links: readonly Link[]
}

const TITLE_LENGTH_MAX = 300
const SUMMARY_LENGTH_MAX = 1_000
const RULE_LENGTH_MAX = 200
const CONTRACT_LENGTH_MAX = 60
const FIELDS_MAX = 16
const FIELD_VALUE_LENGTH_MAX = 400
const DESCRIPTION_LENGTH_MAX = 800
const RUNBOOK_LENGTH_MAX = 2_000
const LIST_MAX = 6
const LIST_ITEM_LENGTH_MAX = 300

/** An alert that comes this long after its last event says so: it is no longer happening now. */
const LATE_AFTER_MS = 10 * 60_000

/** What there is to say about a notification, ready to be laid out. */
export function createMessage(
  notification: Notification,
  time: TimeText,
  publicUrl?: string,
): Message {
  const { alert } = notification
  const { rule } = alert
  return {
    label: labelOf(notification),
    tone: toneOf(notification),
    severity: alert.severity,
    name: alertName(alert),
    title: oneLine(alert.title, TITLE_LENGTH_MAX) || rule.id,
    notes: notesOf(notification),
    // One line: what an event says must not look like lines of ours.
    summary: optional(alert.summary, (text) => oneLine(text, SUMMARY_LENGTH_MAX)),
    rule: oneLine(rule.title === rule.id ? rule.id : `${rule.title} (${rule.id})`, RULE_LENGTH_MAX),
    contract: oneLine(alert.contract, CONTRACT_LENGTH_MAX),
    count: eventsText(alert.count),
    when: time.span(alert.first, alert.last),
    fields: fieldsOf(alert),
    evidence: evidenceTable(alert, time),
    evidenceTitle: 'Evidence',
    why: alert.why === undefined ? undefined : whyText(alert.why),
    description: optional(rule.description, (text) => manyLines(text, DESCRIPTION_LENGTH_MAX)),
    runbook: optional(rule.runbook, (text) => manyLines(text, RUNBOOK_LENGTH_MAX)),
    references: listOf(rule.references),
    falsePositives: listOf(rule.falsePositives),
    links: alertLinks(notification, publicUrl),
  }
}

/** `[HIGH] title (A-1042)`; the title gives way when it is longer than `lengthMax`. */
export function subjectText(message: Message, lengthMax: number): string {
  const [head, tail] = [`[${message.label}] `, message.name === '' ? '' : ` (${message.name})`]
  return `${head}${cut(message.title, lengthMax - head.length - tail.length)}${tail}`
}

/** The same with all that events say defanged, for media that make links of what looks like one. */
export function defangMessage(message: Message): Message {
  const { title, summary, contract, fields, evidence, why } = message
  return {
    ...message,
    title: defang(title),
    summary: summary === undefined ? undefined : defang(summary),
    contract: defang(contract),
    fields: fields.map(({ name, value }) => ({ name: defang(name), value: defang(value) })),
    evidence:
      evidence === undefined
        ? undefined
        : {
            ...evidence,
            columns: evidence.columns.map(defang),
            rows: evidence.rows.map((row) => row.map(defang)),
          },
    why: why === undefined ? undefined : defang(why),
  }
}

/** Rule, contract, severity, count and times: the line under the heading. */
export function contextParts(message: Message): readonly string[] {
  const { tone, severity, rule, contract, count, when } = message
  // Where the heading says something else.
  const rank = tone === severity ? [] : [`Severity: ${severity}`]
  const about = rule === '' ? [] : [`Rule: ${rule}`, `Contract: ${contract}`, ...rank]
  return [...about, count, when]
}

/** The URL when the text is nothing but an http(s) one that can be shown as a link. */
export function linkOf(text: string): string | undefined {
  if (!/^https?:\/\/[^\s<>|"'`…]+$/i.test(text) || !URL.canParse(text)) return undefined
  return text
}

function toneOf({ reason, alert }: Notification): Tone {
  if (reason === 'test') return 'test'
  return reason === 'resolved' || reason === 'withdrawn' ? 'over' : alert.severity
}

function labelOf({ reason, alert }: Notification): string {
  if (reason === 'resolved') return 'RESOLVED'
  if (reason === 'acknowledged') return 'ACKNOWLEDGED'
  if (reason === 'withdrawn') return 'WITHDRAWN'
  if (reason === 'test') return 'TEST'
  return alert.severity.toUpperCase()
}

/** What every kind of message says after an attempt that ended without an answer. */
export const REPEAT_NOTE = 'May be a repeat: an earlier try may have arrived already.'

function notesOf(notification: Notification): readonly string[] {
  const { alert } = notification
  const notes = [REASON_NOTES[notification.reason](notification)]
  if (notification.possibleRepeat) {
    notes.push(REPEAT_NOTE)
  }
  notes.push(lateNote(notification))
  if (alert.historical) notes.push('From before the start of monitoring: this is history.')
  if (alert.disputed) {
    notes.push('Disputed: a second evaluation of the rule did not agree. Check it by hand.')
  }
  return notes.filter((note) => note !== '')
}

/** What each reason has to say for itself; the first message needs no words. */
const REASON_NOTES: Readonly<Record<Reason, (notification: Notification) => string>> = {
  first: () => '',
  severity: ({ alert }) => `Severity rose to ${alert.severity}.`,
  grown: ({ alert }) => `Grown to ${eventsText(alert.count)}.`,
  repeat: () => 'Reminder: still open, and nobody has acknowledged it.',
  escalation: ({ sequence }) =>
    `Escalation${sequence > 0 ? ` ${sequence + 1}` : ''}: not acknowledged in time.`,
  acknowledged: () => 'Acknowledged: somebody takes care of it.',
  resolved: ({ alert }) => `Resolved${resolutionText(alert)}.`,
  withdrawn: () => 'Withdrawn: an entry that arrived late showed that there was nothing.',
  test: () => 'This is a test. Nothing has happened.',
}

const RESOLUTION_TEXTS: Readonly<Record<NonNullable<Alert['resolution']>, string>> = {
  manual: '',
  'false-positive': ' as a false positive',
  returned: ': what was missing has returned',
  superseded: ': another alert takes its place',
  merged: ': merged into another alert',
  quiet: ': nothing more came',
}

function resolutionText(alert: Alert): string {
  return alert.resolution === undefined ? '' : RESOLUTION_TEXTS[alert.resolution]
}

/** Only where the message tells of something new: a reminder is late by its nature. */
function lateNote({ reason, alert, createdAt }: Notification): string {
  const lateMs = createdAt - alert.last
  const tellsNews = reason === 'first' || reason === 'severity' || reason === 'grown'
  if (!tellsNews || lateMs <= LATE_AFTER_MS) return ''
  return `Detected ${durationText(lateMs)} late.`
}

function eventsText(count: number): string {
  return count === 1 ? '1 event' : `${count} events`
}

/** What the rule shows, then what the detections share and the rule does not show. */
function fieldsOf(alert: Alert): readonly Field[] {
  const shown = new Set(alert.fields.map((field) => field.name))
  const all = [...alert.fields, ...alert.group.filter((field) => !shown.has(field.name))].filter(
    // The contract has a place of its own in every message.
    ({ name, value }) => name !== 'contract' || value !== alert.contract,
  )
  return all
    .map(({ name, value }) => ({
      name: factLabel(name),
      value: oneLine(value, FIELD_VALUE_LENGTH_MAX),
    }))
    .filter(({ value }) => value !== '')
    .slice(0, FIELDS_MAX)
}

function listOf(items: readonly string[]): readonly string[] {
  return items
    .map((item) => oneLine(item, LIST_ITEM_LENGTH_MAX))
    .filter((item) => item !== '')
    .slice(0, LIST_MAX)
}

function optional(text: string | undefined, clean: (text: string) => string): string | undefined {
  const cleaned = text === undefined ? '' : clean(text)
  return cleaned === '' ? undefined : cleaned
}
