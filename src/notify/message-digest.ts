// Owns what a digest says: how many alerts of which rule, the worst by name. Look: the receivers.
import { alertName, type Field, type Reason } from '../core/alert.ts'
import { type Digest, type DigestGroup, noticeSeverity } from '../core/digest.ts'
import { SEVERITIES, severityRank } from '../core/severity.ts'
import { oneLine } from './escape.ts'
import type { Table } from './evidence-table.ts'
import { listLinks } from './links.ts'
import { type Message, REPEAT_NOTE } from './message.ts'
import type { TimeText } from './time-text.ts'

/** Rows, and lengths in them: the table must fit a section of Slack's and a phone. */
const ROWS_MAX = 12
const RULE_LENGTH_MAX = 44
/** Alerts named by number in a row. */
const NAMES_MAX = 3
/** The worst alerts are shown with their titles. */
const WORST_MAX = 8
const TITLE_LENGTH_MAX = 200

/** What there is to say about a digest, ready to be laid out like any message. */
export function createDigestMessage(digest: Digest, time: TimeText, publicUrl?: string): Message {
  return {
    label: 'DIGEST',
    tone: noticeSeverity(digest),
    severity: noticeSeverity(digest),
    name: '',
    title: titleOf(digest),
    notes: notesOf(digest),
    summary: undefined,
    rule: '',
    contract: '',
    count: alertsText(digest.alerts),
    when: time.span(digest.from, digest.createdAt),
    fields: worstOf(digest),
    evidence: tableOf(digest),
    evidenceTitle: 'By severity and rule',
    why: undefined,
    description: undefined,
    runbook: undefined,
    references: [],
    falsePositives: [],
    links: listLinks(publicUrl),
  }
}

/** `412 more alerts: 3 critical, 40 high, 369 low`. */
function titleOf({ cause, alerts, severities }: Digest): string {
  const parts = SEVERITIES.toReversed().flatMap((severity) => {
    const count = severities[severity] ?? 0
    return count === 0 ? [] : [`${count} ${severity}`]
  })
  const one = alerts === 1
  const what =
    cause === 'repeat'
      ? `${alertsText(alerts)} still open`
      : `${alerts} more ${one ? 'alert' : 'alerts'}`
  return `${what}: ${parts.join(', ')}`
}

const CAUSE_NOTES = {
  budget:
    'More than this receiver takes one by one (its budget), so these come together. None is left out.',
  repeat: 'Reminder: nobody has acknowledged these.',
} as const

/** Reasons that need a word; that an alert is new, or still open, the title says. */
const REASON_WORDS: readonly (readonly [Reason, string])[] = [
  ['severity', 'rose in severity'],
  ['grown', 'grew'],
  ['escalation', 'were not acknowledged in time'],
  ['acknowledged', 'were acknowledged'],
  ['resolved', 'were resolved'],
  ['withdrawn', 'were withdrawn'],
]

function notesOf(digest: Digest): readonly string[] {
  const { cause, reasons, possibleRepeat } = digest
  const told = REASON_WORDS.flatMap(([reason, words]) => {
    const count = reasons[reason] ?? 0
    return count === 0 ? [] : [`${count} ${words}`]
  })
  const reminders = cause === 'budget' ? (reasons.repeat ?? 0) : 0
  const all = [...told, ...(reminders > 0 ? [`${reminders} are reminders`] : [])]
  return [
    CAUSE_NOTES[cause],
    ...(all.length === 0 ? [] : [`Of these, ${all.join(', ')}.`]),
    ...(possibleRepeat ? [REPEAT_NOTE] : []),
  ]
}

function tableOf({ groups, alerts }: Digest): Table {
  const shown = groups.slice(0, ROWS_MAX)
  const hiddenAlerts = alerts - shown.reduce((sum, group) => sum + group.count, 0)
  return {
    columns: ['Severity', 'Alerts', 'Rule', 'Which'],
    rows: shown.map((group) => [
      group.severity,
      String(group.count),
      oneLine(group.rule.title, RULE_LENGTH_MAX) || group.rule.id,
      namesOf(group),
    ]),
    hidden: hiddenAlerts,
    hiddenWhat: `${hiddenAlerts === 1 ? 'alert' : 'alerts'} of other rules`,
  }
}

/** `A-1001, A-1002, A-1003, …`. */
function namesOf({ alerts, count }: DigestGroup): string {
  const names = alerts.slice(0, NAMES_MAX).map(alertName)
  return [...names, ...(count > names.length ? ['…'] : [])].join(', ')
}

/** The first of the most severe groups, as long as they are worth somebody's night. */
function worstOf({ groups }: Digest): readonly Field[] {
  return groups
    .filter(({ severity }) => severityRank(severity) >= severityRank('high'))
    .flatMap(({ severity, alerts }) =>
      alerts.map((alert) => ({
        name: `${alertName(alert)} ${severity}`,
        value: oneLine(alert.title, TITLE_LENGTH_MAX),
      })),
    )
    .filter(({ value }) => value !== '')
    .slice(0, WORST_MAX)
}

function alertsText(count: number): string {
  return count === 1 ? '1 alert' : `${count} alerts`
}
