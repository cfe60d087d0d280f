// Owns a notice as JSON for programs: the same keys in every message, texts bounded, nothing
// escaped, because programs must not trust event text and know their own medium.
import type { Alert, Evidence, Field, Notification } from '../core/alert.ts'
import { alertName } from '../core/alert.ts'
import { type Digest, isDigest, type Notice } from '../core/digest.ts'
import { cut, manyLines, oneLine } from './escape.ts'
import { alertLinks, type Link, listLinks } from './links.ts'
import { whyText } from './why-text.ts'

const TITLE_LENGTH_MAX = 1_000
const VALUE_LENGTH_MAX = 1_000
const NAME_LENGTH_MAX = 100
const TEXT_LENGTH_MAX = 4_000
const FIELDS_MAX = 40
const LIST_MAX = 20

/** What happened and to what; times are ISO 8601 in UTC. */
export function noticeJson(notice: Notice, publicUrl?: string): Record<string, unknown> {
  return isDigest(notice)
    ? { kind: 'digest', ...digestJson(notice, publicUrl) }
    : { kind: 'alert', ...notificationJson(notice, publicUrl) }
}

function notificationJson(notification: Notification, publicUrl: string | undefined) {
  const { id, receiver, reason, sequence, createdAt, possibleRepeat, alert } = notification
  return {
    id,
    receiver,
    reason,
    sequence,
    createdAt: isoTime(createdAt),
    possibleRepeat: possibleRepeat ?? false,
    alert: alertJson(alert),
    links: linksJson(alertLinks(notification, publicUrl)),
  }
}

function digestJson(digest: Digest, publicUrl: string | undefined) {
  const { id, receiver, reason, cause, sequence, createdAt, from, possibleRepeat } = digest
  return {
    id,
    receiver,
    reason,
    cause,
    sequence,
    createdAt: isoTime(createdAt),
    from: isoTime(from),
    possibleRepeat: possibleRepeat ?? false,
    notifications: digest.notifications,
    alerts: digest.alerts,
    severities: digest.severities,
    reasons: digest.reasons,
    groups: digest.groups.map(({ rule, severity, count, alerts }) => ({
      rule: { id: rule.id, title: oneLine(rule.title, TITLE_LENGTH_MAX) },
      severity,
      count,
      alerts: alerts.map((alert) => ({
        id: alert.id,
        name: alertName(alert),
        title: oneLine(alert.title, TITLE_LENGTH_MAX),
      })),
    })),
    links: linksJson(listLinks(publicUrl)),
  }
}

/** An alert with everything a program may want of it. */
export function alertJson(alert: Alert): Record<string, unknown> {
  const { rule } = alert
  return {
    id: alert.id,
    name: alertName(alert),
    contract: oneLine(alert.contract, VALUE_LENGTH_MAX),
    severity: alert.severity,
    state: alert.state,
    ...(alert.resolution === undefined ? {} : { resolution: alert.resolution }),
    title: oneLine(alert.title, TITLE_LENGTH_MAX),
    ...(alert.summary === undefined ? {} : { summary: oneLine(alert.summary, TEXT_LENGTH_MAX) }),
    first: isoTime(alert.first),
    last: isoTime(alert.last),
    count: alert.count,
    group: fieldsJson(alert.group),
    fields: fieldsJson(alert.fields),
    evidence: alert.evidence.map(evidenceJson),
    ...(alert.why === undefined ? {} : { why: whyText(alert.why) }),
    disputed: alert.disputed ?? false,
    historical: alert.historical ?? false,
    rule: {
      id: rule.id,
      title: oneLine(rule.title, TITLE_LENGTH_MAX),
      ...(rule.description === undefined ? {} : { description: bounded(rule.description) }),
      ...(rule.runbook === undefined ? {} : { runbook: bounded(rule.runbook) }),
      tags: rule.tags.slice(0, LIST_MAX),
      references: rule.references.slice(0, LIST_MAX).map((text) => cut(text, VALUE_LENGTH_MAX)),
      falsePositives: rule.falsePositives.slice(0, LIST_MAX).map(bounded),
    },
    ruleSetVersion: alert.ruleSetVersion,
  }
}

function evidenceJson({ id, time, fields }: Evidence) {
  return { id: oneLine(id, VALUE_LENGTH_MAX), time: isoTime(time), fields: fieldsJson(fields) }
}

/** Pairs rather than an object: names come from events, too, and may come twice. */
function fieldsJson(fields: readonly Field[]): readonly Field[] {
  return fields.slice(0, FIELDS_MAX).map(({ name, value }) => ({
    name: oneLine(name, NAME_LENGTH_MAX),
    value: oneLine(value, VALUE_LENGTH_MAX),
  }))
}

function linksJson(links: readonly Link[]): Readonly<Record<string, string>> {
  return Object.fromEntries(links.map(({ label, url }) => [label, url]))
}

function bounded(text: string): string {
  return manyLines(text, TEXT_LENGTH_MAX)
}

/** The largest moment a Date can hold, in ms either side of 1970 (ECMA-262, 21.4.1.1). */
const MOMENT_MS_MAX = 8.64e15

/** Null for what is no moment: a damaged time must not cost the message. */
export function isoTime(ms: number): string | null {
  return Math.abs(ms) <= MOMENT_MS_MAX ? new Date(ms).toISOString() : null
}
