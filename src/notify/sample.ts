// Owns the notification that tries out a receiver: like a real one, and saying that it is none.
import type { Notification } from '../core/alert.ts'
import type { Clock } from '../core/clock.ts'

const MINUTE_MS = 60_000

/** A notification of reason `test` for `receiver`, about an alert that does not exist. */
export function sampleNotification(receiver: string, clock: Clock, timezone: string): Notification {
  const now = clock.now()
  const first = now - 3 * MINUTE_MS
  const fields = [
    { name: 'user', value: 'sample@example.com' },
    { name: 'ip', value: '203.0.113.42' },
    { name: 'country', value: 'DE' },
    { name: 'operation', value: 'delete' },
    { name: 'resource', value: 'server' },
  ]
  const evidence = [0, 1, 2].map((index) => ({
    id: `sample-${index + 1}`,
    time: first + index * MINUTE_MS,
    fields: [...fields, { name: 'resourceId', value: `sample-server-${index + 1}` }],
  }))
  return {
    id: `test-${receiver}-${now}`,
    receiver,
    reason: 'test',
    sequence: 0,
    createdAt: now,
    alert: {
      id: `test-${receiver}-${now}`,
      number: 0,
      contract: '00000000',
      rule: {
        id: 'tocsin-test',
        title: 'Test message',
        description: `Sent by hand to see that messages arrive. Times are shown in ${timezone}.`,
        tags: [],
        references: [],
        falsePositives: [],
        runbook: '1. Check that this arrived where alerts should. 2. Nothing else to do.',
      },
      ruleSetVersion: 'none',
      severity: 'info',
      state: 'open',
      title: `Test of receiver ${receiver}`,
      group: [{ name: 'user', value: 'sample@example.com' }],
      first,
      last: now - MINUTE_MS,
      count: evidence.length,
      values: {},
      fields,
      evidence,
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
        ],
      },
    },
  }
}
