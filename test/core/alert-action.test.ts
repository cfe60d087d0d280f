// Owns the table of what people do to alerts, what each changes, and what is refused.
import { describe, expect, it } from 'vitest'
import type { Alert, Signature } from '../../src/core/alert.ts'
import { type AlertTurn, applyAction } from '../../src/core/alert-action.ts'
import { sampleAlert } from '../state/sample.ts'

const anna: Signature = { by: 'anna', from: 'console', at: 9_000 }
const otto: Signature = { by: 'otto', from: 'cli', at: 5_000 }

const open: Partial<Alert> = {}
const acknowledged: Partial<Alert> = {
  state: 'acknowledged',
  acknowledged: { ...otto, count: 1, severity: 'high' },
  revision: 1,
}
const resolved: Partial<Alert> = {
  state: 'resolved',
  resolution: 'manual',
  resolved: otto,
  revision: 1,
}
const quiet: Partial<Alert> = { ...resolved, resolution: 'quiet' }

const ACK: AlertTurn = { kind: 'acknowledge' }
const RESOLVE: AlertTurn = { kind: 'resolve', reason: 'manual' }
const FALSE_POSITIVE: AlertTurn = { kind: 'resolve', reason: 'false-positive' }
const COMMENT: AlertTurn = { kind: 'comment', comment: 'looking' }
const REOPEN: AlertTurn = { kind: 'reopen' }

const ALLOWED: [string, Partial<Alert>, AlertTurn, Partial<Alert>][] = [
  [
    'open → acknowledged, with what was seen',
    { ...open, count: 7 },
    ACK,
    { state: 'acknowledged', acknowledged: { ...anna, count: 7, severity: 'high' }, revision: 1 },
  ],
  ['open → resolved', open, RESOLVE, { state: 'resolved', resolution: 'manual', resolved: anna }],
  ['acknowledged → resolved', acknowledged, RESOLVE, { state: 'resolved', revision: 2 }],
  ['a false positive', open, FALSE_POSITIVE, { resolution: 'false-positive' }],
  ['a comment changes only the revision', acknowledged, COMMENT, { ...acknowledged, revision: 2 }],
  ['a comment on what is over', resolved, COMMENT, { ...resolved, revision: 2 }],
  ['what was quiet and is not: open again', quiet, REOPEN, { state: 'open' }],
  [
    'what was acknowledged before it was quiet: acknowledged again',
    { ...acknowledged, ...quiet },
    REOPEN,
    { state: 'acknowledged' },
  ],
]

const REFUSED: [string, Partial<Alert>, AlertTurn, number | undefined, string, RegExp][] = [
  [
    'acknowledging twice',
    acknowledged,
    ACK,
    undefined,
    'acknowledged-already',
    /A-1 is acknowledged by otto, 1970-01-01T00:00:05.000Z already/,
  ],
  [
    'acknowledging what is over',
    resolved,
    ACK,
    undefined,
    'resolved-already',
    /resolved \(manual\) by otto/,
  ],
  ['resolving twice', resolved, FALSE_POSITIVE, undefined, 'resolved-already', /already/],
  ['an empty comment', open, { kind: 'comment', comment: ' ' }, undefined, 'nothing-said', /empty/],
  [
    'the second of two at once',
    acknowledged,
    RESOLVE,
    0,
    'conflict',
    /A-1 was changed by somebody else meanwhile: acknowledged by otto/,
  ],
  ['a comment on what was changed', acknowledged, COMMENT, 0, 'conflict', /changed/],
]

describe('is allowed', () => {
  it.each(ALLOWED)('%s', (_name, before, action, after) => {
    const result = applyAction(sampleAlert(before), action, anna)
    expect('alert' in result && result.alert).toMatchObject(after)
  })

  it('to act on the revision that was seen', () => {
    expect(applyAction(sampleAlert(acknowledged), RESOLVE, anna, 1)).toHaveProperty('alert')
    expect(applyAction(sampleAlert(), ACK, anna, 0)).toHaveProperty('alert')
  })
})

describe('is refused', () => {
  it.each(REFUSED)('%s', (_name, before, action, seen, refused, message) => {
    const result = applyAction(sampleAlert(before), action, anna, seen)
    expect(result).toEqual({ refused, message: expect.stringMatching(message) as string })
  })
})

describe('the audit trail', () => {
  it('says who, when, from where, what it was and became, and why', () => {
    const action = { ...FALSE_POSITIVE, comment: 'a test of ours' }
    const result = applyAction(sampleAlert(acknowledged), action, anna)
    expect('entry' in result && result.entry).toEqual({
      by: 'anna',
      from: 'console',
      at: 9_000,
      action: 'resolve',
      stateBefore: 'acknowledged',
      stateAfter: 'resolved',
      reason: 'false-positive',
      comment: 'a test of ours',
    })
  })

  it('keeps a bounded comment', () => {
    const comment = 'x'.repeat(100_000)
    const result = applyAction(sampleAlert(), { kind: 'comment', comment }, anna)
    expect('entry' in result && result.entry.comment?.length).toBe(2_000)
  })
})
