// Owns the alerts and notifications that the tests of the receivers send.
import type { Alert, Evidence, Notification } from '../../src/core/alert.ts'

export const BULK_DELETE_FIRST = Date.parse('2026-11-20T09:14:07Z')

const RULE: Alert['rule'] = {
  id: 'ionos-bulk-delete',
  title: 'Many resources deleted in a short time',
  description: 'One user deletes many resources. That is what an attacker does to destroy.',
  tags: ['attack.impact', 'attack.t1485'],
  references: ['https://attack.mitre.org/techniques/T1485/', 'Handbook, chapter 4'],
  falsePositives: ['Planned removal of a test environment', 'Terraform destroy'],
  runbook:
    '1. Ask the user. 2. If unknown, disable the user in the DCD. 3. Restore from snapshots.',
}

/** `count` deletions, twenty seconds apart, of servers with different ids. */
function deletions(count: number): Evidence[] {
  return Array.from({ length: Math.min(count, 20) }, (_, index) => ({
    id: `e-${index + 1}`,
    time: BULK_DELETE_FIRST + index * 20_000,
    fields: [
      { name: 'user', value: 'mallory@example.com' },
      { name: 'ip', value: '203.0.113.42' },
      { name: 'operation', value: 'delete' },
      { name: 'resource', value: index % 3 === 2 ? 'volume' : 'server' },
      { name: 'resourceId', value: `7a0c9a1e-2f11-4b3a-8e77-3c5d1a9b0d${10 + index}` },
    ],
  }))
}

/** A plain alert about twelve deletions; `over` replaces parts of it. */
export function alertOf(over: Partial<Alert> = {}): Alert {
  return {
    id: 'al_bulk_1042',
    number: 1042,
    contract: '31720001',
    rule: RULE,
    ruleSetVersion: '4f1c2d',
    severity: 'high',
    state: 'open',
    title: 'mallory@example.com deleted 12 resources',
    group: [{ name: 'user', value: 'mallory@example.com' }],
    first: BULK_DELETE_FIRST,
    last: BULK_DELETE_FIRST + 220_000,
    count: 12,
    values: {},
    fields: [
      { name: 'user', value: 'mallory@example.com' },
      { name: 'ip', value: '203.0.113.42' },
      { name: 'country', value: 'NL' },
      { name: 'operation', value: 'delete' },
      { name: 'resource', value: 'server' },
      { name: 'contract', value: '31720001' },
    ],
    evidence: deletions(12),
    why: {
      kind: 'all',
      verdict: true,
      children: [
        {
          kind: 'leaf',
          verdict: true,
          fact: 'operation',
          operator: 'equal',
          expected: '"delete"',
          found: '"delete"',
        },
        {
          kind: 'leaf',
          verdict: true,
          fact: 'resource',
          operator: 'in',
          expected: '["server","volume","snapshot"]',
          found: '"server"',
        },
      ],
    },
    ...over,
  }
}

/** The first notification of that alert, decided two seconds after its last event. */
export function notificationOf(
  over: Partial<Omit<Notification, 'alert'>> & { alert?: Alert } = {},
): Notification {
  const alert = over.alert ?? alertOf()
  const reason = over.reason ?? 'first'
  const receiver = over.receiver ?? 'secops'
  const sequence = over.sequence ?? 0
  return {
    id: `${alert.id}.${receiver}.${reason}.${sequence}`,
    receiver,
    reason,
    sequence,
    createdAt: alert.last + 2_000,
    alert,
    ...over,
  }
}
