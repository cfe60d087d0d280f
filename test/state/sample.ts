// Owns the alerts and notifications that tests of stores and queues put in.
import type { Alert, Notification } from '../../src/core/alert.ts'

export function sampleAlert(changes: Partial<Alert> = {}): Alert {
  const last = changes.last ?? changes.first ?? 1_000
  return {
    id: 'g1-1',
    number: 1,
    contract: '31720001',
    rule: { id: 'rule-one', title: 'One', tags: [], references: [], falsePositives: [] },
    ruleSetVersion: 'v1',
    severity: 'high',
    state: 'open',
    title: 'One happened',
    group: [{ name: 'user', value: 'mallory@example.com' }],
    first: 1_000,
    last,
    count: 1,
    values: {},
    fields: [{ name: 'user', value: 'mallory@example.com' }],
    evidence: [{ id: 'e1', time: 1_000, fields: [] }],
    ...changes,
  }
}

export function sampleNotification(changes: Partial<Notification> = {}): Notification {
  const alert = changes.alert ?? sampleAlert()
  const receiver = changes.receiver ?? 'slack'
  return {
    id: `${alert.id}.${receiver}.first.0`,
    receiver,
    reason: 'first',
    sequence: 0,
    createdAt: 5_000,
    alert,
    ...changes,
  }
}
