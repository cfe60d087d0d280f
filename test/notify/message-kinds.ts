// Owns one notice of each kind of message: what golden files and the pictures in docs/ show.
import type { Notification } from '../../src/core/alert.ts'
import { type Digest, digestOf, type Notice } from '../../src/core/digest.ts'
import type { Severity } from '../../src/core/severity.ts'
import { sampleNotification } from '../../src/notify/sample.ts'
import { alertWith } from './hostile.ts'
import { alertOf, BULK_DELETE_FIRST, notificationOf } from './notifications.ts'

const HOSTILE =
  '<!channel> *b* `c` <http://evil.example|ionos.com> <b>x</b>\r\nBcc: y \u202Egnp\u001b[31m'
const STANDING_CLOCK = { now: () => Date.parse('2026-11-20T09:20:00Z'), sleep: async () => {} }
const HOUR_MS = 3_600_000

/** Name, and a notice of that kind; all deterministic. */
export function messageKinds(): readonly (readonly [name: string, notice: Notice])[] {
  const last = alertOf().last
  return [
    ['first', notificationOf()],
    [
      'severity',
      notificationOf({ reason: 'severity', alert: alertOf({ severity: 'critical', count: 40 }) }),
    ],
    [
      'grown-late-repeat',
      notificationOf({
        reason: 'grown',
        alert: alertOf({ count: 100, severity: 'critical', disputed: true }),
        createdAt: last + 3 * HOUR_MS,
        possibleRepeat: true,
      }),
    ],
    ['repeat', notificationOf({ reason: 'repeat', createdAt: last + 24 * HOUR_MS })],
    ['escalation', notificationOf({ reason: 'escalation', sequence: 1 })],
    [
      'acknowledged',
      notificationOf({ reason: 'acknowledged', alert: alertOf({ state: 'acknowledged' }) }),
    ],
    [
      'resolved',
      notificationOf({
        reason: 'resolved',
        alert: alertOf({ state: 'resolved', resolution: 'false-positive' }),
      }),
    ],
    [
      'merged',
      notificationOf({
        reason: 'resolved',
        alert: alertOf({ state: 'resolved', resolution: 'merged' }),
      }),
    ],
    [
      'withdrawn',
      notificationOf({ reason: 'withdrawn', alert: alertOf({ state: 'resolved', count: 3 }) }),
    ],
    ['hostile', notificationOf({ alert: alertWith(HOSTILE) })],
    ['test', sampleNotification('secops', STANDING_CLOCK, 'Europe/Berlin')],
    ['digest', digestSample()],
    ['digest-repeat', digestSample({ cause: 'repeat', possibleRepeat: true })],
    ['digest-hostile', digestWith(HOSTILE)],
  ]
}

const STORM: readonly (readonly [Severity, string, string, number])[] = [
  ['critical', 'ionos-contract-owner-changed', 'Owner of the contract changed', 2],
  ['high', 'ionos-bulk-delete', 'Many resources deleted in a short time', 37],
  ['medium', 'ionos-api-token-generated', 'API token generated', 4],
  ['low', 'ionos-server-created', 'Server created', 369],
]

/** 412 alerts of four rules, gathered in ten minutes. */
export function digestSample(over: Partial<Digest> = {}): Digest {
  let number = 1_000
  const notifications = STORM.flatMap(([severity, id, title, count]) =>
    Array.from({ length: count }, (): Notification => {
      number += 1
      const rule = { ...alertOf().rule, id, title }
      const what = `user-${number}@example.com: ${title.toLowerCase()}`
      const alert = alertOf({ id: `al-${number}`, number, severity, rule, title: what })
      const reason = number % 100 === 0 ? 'grown' : 'first'
      return notificationOf({ alert, reason })
    }),
  )
  return { ...digestOf(notifications, HEAD), ...over }
}

const HEAD = {
  id: 'digest-secops-7',
  receiver: 'secops',
  cause: 'budget',
  sequence: 7,
  from: BULK_DELETE_FIRST,
  createdAt: BULK_DELETE_FIRST + 600_000,
} as const

/** A digest of alerts that show `text` wherever event text can be. */
export function digestWith(text: string): Digest {
  const alerts = [1, 2].map((number) => ({ ...alertWith(text), id: `al-${number}`, number }))
  return digestOf(
    alerts.map((alert) => notificationOf({ alert })),
    HEAD,
  )
}
