// Owns the tests of what any message says, before it is laid out.
import { describe, expect, it } from 'vitest'
import type { Alert, Notification } from '../../src/core/alert.ts'
import { contextParts, createMessage, linkOf, subjectText } from '../../src/notify/message.ts'
import { createTimeText } from '../../src/notify/time-text.ts'
import { alertOf, notificationOf } from './notifications.ts'

const time = createTimeText('Europe/Berlin')
const MINUTE_MS = 60_000

const messageOf = (over: Parameters<typeof notificationOf>[0] = {}) =>
  createMessage(notificationOf(over), time)

const late = (ms: number, over: Partial<Notification> = {}) => {
  const alert = alertOf()
  return messageOf({ alert, createdAt: alert.last + ms, ...over }).notes
}

describe('the heading', () => {
  it.each<[string, Partial<Notification>, string]>([
    ['the severity', {}, 'HIGH'],
    ['the severity of a reminder', { reason: 'repeat' }, 'HIGH'],
    ['that it is resolved', { reason: 'resolved' }, 'RESOLVED'],
    ['that it is withdrawn', { reason: 'withdrawn' }, 'WITHDRAWN'],
    ['that it is a test', { reason: 'test' }, 'TEST'],
  ])('begins with %s', (_name, over, label) => {
    const message = messageOf(over)
    expect(subjectText(message, 200)).toBe(`[${label}] ${message.title} (A-1042)`)
  })

  it('shortens the title, never the number', () => {
    const message = messageOf({ alert: alertOf({ title: 'x'.repeat(500) }) })
    const subject = subjectText(message, 60)
    expect(subject).toHaveLength(60)
    expect(subject).toMatch(/^\[HIGH\] x+… \(A-1042\)$/)
  })

  it('falls back to the rule when the title has nothing to show', () => {
    expect(messageOf({ alert: alertOf({ title: ' \r\n' }) }).title).toBe('ionos-bulk-delete')
  })
})

describe('the reason', () => {
  it('needs no words for the first message', () => {
    expect(messageOf().notes).toEqual([])
  })

  it.each<[Alert['resolution'], string]>([
    ['manual', 'Resolved.'],
    ['false-positive', 'Resolved as a false positive.'],
    ['returned', 'Resolved: what was missing has returned.'],
    ['superseded', 'Resolved: another alert takes its place.'],
    ['merged', 'Resolved: merged into another alert.'],
    ['quiet', 'Resolved: nothing more came.'],
  ])('of a resolution is told: %s', (resolution, note) => {
    const alert = alertOf(resolution === undefined ? {} : { resolution })
    expect(messageOf({ alert, reason: 'resolved' }).notes).toEqual([note])
  })

  it('counts escalations', () => {
    const notes = [0, 1].map((sequence) => messageOf({ reason: 'escalation', sequence }).notes[0])
    expect(notes).toEqual([
      'Escalation: not acknowledged in time.',
      'Escalation 2: not acknowledged in time.',
    ])
  })

  it('speaks of one event and of many', () => {
    const notes = [1, 100].map(
      (count) => messageOf({ reason: 'grown', alert: alertOf({ count }) }).notes[0],
    )
    expect(notes).toEqual(['Grown to 1 event.', 'Grown to 100 events.'])
  })
})

describe('what to know before believing it', () => {
  it('is that it comes late, after ten minutes', () => {
    expect(late(10 * MINUTE_MS)).toEqual([])
    expect(late(10 * MINUTE_MS + 1)).toEqual(['Detected 10 min late.'])
    expect(late(3 * 60 * MINUTE_MS, { reason: 'severity' })).toContain('Detected 3 h late.')
  })

  it.each(['repeat', 'escalation', 'resolved', 'withdrawn', 'test'] as const)(
    'is not that it is late when it is by nature: %s',
    (reason) => {
      expect(late(24 * 60 * MINUTE_MS, { reason }).join()).not.toContain('late.')
    },
  )

  it('is that it may be a repeat, is history, or is disputed', () => {
    const alert = alertOf({ disputed: true, historical: true })
    expect(messageOf({ alert, possibleRepeat: true }).notes).toEqual([
      'May be a repeat: an earlier try may have arrived already.',
      'From before the start of monitoring: this is history.',
      'Disputed: a second evaluation of the rule did not agree. Check it by hand.',
    ])
  })
})

describe('the fields', () => {
  it('are those of the rule, then the group, without doubles and the contract', () => {
    const group = [
      { name: 'user', value: 'mallory@example.com' },
      { name: 'asOrg', value: 'Example Networks' },
    ]
    expect(messageOf({ alert: alertOf({ group }) }).fields.map((field) => field.name)).toEqual([
      'User',
      'IP address',
      'Country',
      'Operation',
      'Resource',
      'Network owner',
    ])
  })

  it('show another contract than that of the alert', () => {
    const fields = [{ name: 'contract', value: '42' }]
    expect(messageOf({ alert: alertOf({ fields }) }).fields[0]).toEqual({
      name: 'Contract',
      value: '42',
    })
  })

  it('leave out what has nothing to show, and are bounded', () => {
    const fields = [
      { name: 'user', value: '\r\n' },
      ...Array.from({ length: 100 }, (_, index) => ({ name: `entry.${index}`, value: 'x' })),
    ]
    const shown = messageOf({ alert: alertOf({ fields, group: [] }) }).fields
    expect(shown).toHaveLength(16)
    expect(shown[0]).toEqual({ name: 'entry.0', value: 'x' })
  })
})

describe('the evidence', () => {
  it('shows columns that differ, rows from either end, and how many are hidden', () => {
    const { evidence } = messageOf()
    expect(evidence?.columns).toEqual(['Time', 'Resource', 'Resource id'])
    expect(evidence?.rows.map((row) => row[0]?.slice(11))).toEqual([
      '10:14:07',
      '10:14:27',
      '10:14:47',
      '10:15:07',
      '10:16:47',
      '10:17:07',
      '10:17:27',
      '10:17:47',
    ])
    expect(evidence?.hidden).toBe(4)
  })

  it('is left out when one event is all there is', () => {
    const alert = alertOf()
    expect(
      messageOf({ alert: { ...alert, evidence: alert.evidence.slice(0, 1) } }).evidence,
    ).toBeUndefined()
  })

  it('shows a fact that only some events have', () => {
    const alert = alertOf({
      count: 2,
      evidence: [
        { id: '1', time: 0, fields: [] },
        { id: '2', time: 1, fields: [{ name: 'errorCode', value: '315' }] },
      ],
    })
    expect(messageOf({ alert }).evidence?.rows.map((row) => row[1])).toEqual(['', '315'])
  })
})

describe('a link', () => {
  it.each([
    ['https://wiki.example.com/runbook?x=1#y', true],
    ['http://wiki.example.com/', true],
    ['see https://wiki.example.com', false],
    ['https://wiki.example.com/a|b', false],
    ['https://wiki.example.com/<b>', false],
    ['javascript:alert(1)', false],
    ['https://', false],
    ['https://wiki.example.com/cut…', false],
  ])('is an http(s) URL and nothing else: %s', (text, ok) => {
    expect(linkOf(text)).toBe(ok ? text : undefined)
  })
})

describe('the tone', () => {
  it.each<[Notification['reason'], string, boolean]>([
    ['first', 'high', false],
    ['repeat', 'high', false],
    ['resolved', 'over', true],
    ['withdrawn', 'over', true],
    ['test', 'test', true],
  ])('of %s is %s; the severity is told where the heading does not', (reason, tone, told) => {
    const message = messageOf({ reason })
    expect(message.tone).toBe(tone)
    expect(contextParts(message).includes('Severity: high')).toBe(told)
  })
})
