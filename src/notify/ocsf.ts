// Owns a notice as an OCSF Detection Finding (class 2004, schema.ocsf.io): names and numbers of that
// schema, from our own. Where it is written: ndjson.ts.
import type { Alert, Evidence, Field, Notification } from '../core/alert.ts'
import { alertName } from '../core/alert.ts'
import { type Digest, isDigest, type Notice, noticeSeverity } from '../core/digest.ts'
import type { Severity } from '../core/severity.ts'
import { oneLine } from './escape.ts'
import { alertLinks } from './links.ts'
import { createDigestMessage } from './message-digest.ts'
import { alertJson, noticeJson } from './notice-json.ts'
import { createTimeText } from './time-text.ts'

export const OCSF_VERSION = '1.5.0'

const CATEGORY = { category_uid: 2, category_name: 'Findings' } as const
const CLASS = { class_uid: 2004, class_name: 'Detection Finding' } as const

const SEVERITIES: Readonly<Record<Severity, readonly [id: number, name: string]>> = {
  info: [1, 'Informational'],
  low: [2, 'Low'],
  medium: [3, 'Medium'],
  high: [4, 'High'],
  critical: [5, 'Critical'],
}

const ACTIVITIES = { create: [1, 'Create'], update: [2, 'Update'], close: [3, 'Close'] } as const

const TITLE_LENGTH_MAX = 1_000
const VALUE_LENGTH_MAX = 1_000
const NAME_LENGTH_MAX = 100
const UTC = createTimeText('UTC')

/** One line of the archive as an object. Times are ms since 1970, as the schema has them. */
export function ocsfFinding(notice: Notice, publicUrl?: string): Record<string, unknown> {
  const [severityId, severity] = SEVERITIES[noticeSeverity(notice)]
  const [activityId, activity] = ACTIVITIES[activityOf(notice)]
  return {
    ...CATEGORY,
    ...CLASS,
    activity_id: activityId,
    activity_name: activity,
    type_uid: CLASS.class_uid * 100 + activityId,
    type_name: `${CLASS.class_name}: ${activity}`,
    severity_id: severityId,
    severity,
    time: notice.createdAt,
    metadata: {
      version: OCSF_VERSION,
      // Of this line: a line that was written twice has the same one twice.
      uid: notice.id,
      product: { name: 'Tocsin', vendor_name: 'Tocsin', feature: { name: notice.reason } },
      profiles: ['cloud'],
    },
    ...(isDigest(notice) ? digestPart(notice) : alertPart(notice, publicUrl)),
    // Whole, in our own words: what the schema has no place for is not lost.
    unmapped: { tocsin: noticeJson(notice, publicUrl) },
  }
}

function activityOf(notice: Notice): keyof typeof ACTIVITIES {
  if (isDigest(notice) || notice.reason === 'first' || notice.reason === 'test') return 'create'
  return notice.reason === 'resolved' || notice.reason === 'withdrawn' ? 'close' : 'update'
}

function alertPart(notification: Notification, publicUrl: string | undefined) {
  const { alert, possibleRepeat } = notification
  const { rule } = alert
  const [statusId, status] = statusOf(notification)
  const [page] = alertLinks(notification, publicUrl)
  const title = oneLine(alert.title, TITLE_LENGTH_MAX) || rule.id
  const { evidence: _all, ...plain } = alertJson(alert)
  return {
    status_id: statusId,
    status,
    is_alert: statusId === 1 || statusId === 2,
    message: title,
    count: alert.count,
    start_time: alert.first,
    end_time: alert.last,
    cloud: { provider: 'IONOS Cloud', account: { uid: oneLine(alert.contract, VALUE_LENGTH_MAX) } },
    finding_info: {
      uid: alert.id,
      uid_alt: alertName(alert),
      title,
      ...(plain.summary === undefined ? {} : { desc: plain.summary }),
      created_time: notification.createdAt,
      first_seen_time: alert.first,
      last_seen_time: alert.last,
      related_events_count: alert.count,
      ...(page === undefined ? {} : { src_url: page.url }),
      analytic: {
        type_id: 1,
        type: 'Rule',
        uid: rule.id,
        name: oneLine(rule.title, TITLE_LENGTH_MAX),
        version: alert.ruleSetVersion,
      },
      ...attacksOf(alert),
      data_sources: ['IONOS Cloud Activity Log'],
    },
    evidences: alert.evidence.map(evidenceOf),
    ...(possibleRepeat ? { comment: 'May be a repeat of a line above.' } : {}),
  }
}

function statusOf({ reason, alert }: Notification): readonly [id: number, name: string] {
  if (reason === 'withdrawn') return [4, 'Resolved']
  if (alert.state === 'acknowledged') return [2, 'In Progress']
  if (alert.state !== 'resolved') return [1, 'New']
  return alert.resolution === 'false-positive' ? [3, 'Suppressed'] : [4, 'Resolved']
}

/** Techniques that the rule's tags name: `attack.t1485`, `attack.t1078.004`. */
function attacksOf({ rule }: Alert) {
  const techniques = rule.tags.flatMap((tag) => {
    const uid = /^attack\.(t\d{4}(?:\.\d{3})?)$/i.exec(tag)?.[1]?.toUpperCase()
    return uid === undefined ? [] : [{ technique: { uid } }]
  })
  return techniques.length === 0 ? {} : { attacks: techniques }
}

function evidenceOf({ id, time, fields }: Evidence) {
  const value = (name: string): string | undefined => {
    const found = fields.find((field) => field.name === name)?.value
    return found === undefined || found === '' ? undefined : oneLine(found, VALUE_LENGTH_MAX)
  }
  const [user, ip, country, operation] = [
    value('user'),
    value('ip'),
    value('country'),
    value('operation'),
  ]
  const location = country === undefined ? {} : { location: { country } }
  return {
    uid: oneLine(id, VALUE_LENGTH_MAX),
    ...(user === undefined ? {} : { actor: { user: { name: user } } }),
    ...(ip === undefined ? {} : { src_endpoint: { ip, ...location } }),
    ...(operation === undefined ? {} : { api: { operation } }),
    data: { time, fields: fields.map(plainField) },
  }
}

function plainField({ name, value }: Field): Field {
  return { name: oneLine(name, NAME_LENGTH_MAX), value: oneLine(value, VALUE_LENGTH_MAX) }
}

function digestPart(digest: Digest) {
  const { title } = createDigestMessage(digest, UTC)
  return {
    status_id: 1,
    status: 'New',
    is_alert: true,
    message: title,
    count: digest.notifications,
    start_time: digest.from,
    end_time: digest.createdAt,
    cloud: { provider: 'IONOS Cloud' },
    finding_info: { uid: digest.id, title, created_time: digest.createdAt, types: ['Digest'] },
  }
}
