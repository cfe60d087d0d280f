// Owns how much history a first start reads, by what the rules look back at.
import { expect, test } from 'vitest'
import { type Backfill, backfillMs } from '../../src/core/backfill.ts'
import type { Detect } from '../../src/core/rule-detect.ts'

const DAY_MS = 86_400_000

const firstSeen = (history: number, learn: number): Detect => {
  const lengths = { historyMs: history * DAY_MS, learnMs: learn * DAY_MS }
  return { kind: 'firstSeen', groupBy: [], value: ['country'], ...lengths }
}
const spike = (baseline: number): Detect => {
  const lengths = { withinMs: 3_600_000, baselineMs: baseline * DAY_MS }
  return { kind: 'spike', groupBy: [], ...lengths, factor: 2, min: 1 }
}
const absence: Detect = { kind: 'absence', groupBy: [], withinMs: 40 * DAY_MS }

const cases: readonly (readonly [string, Backfill, readonly (Detect | undefined)[], number])[] = [
  ['nothing without rules', 'auto', [], 0],
  ['nothing for rules that learn nothing', 'auto', [undefined, absence], 0],
  ['history and learning of a first sighting', 'auto', [firstSeen(30, 7)], 37],
  ['the baseline of a spike', 'auto', [spike(14)], 14],
  ['the longest of all', 'auto', [spike(40), firstSeen(30, 7), undefined], 40],
  ['90 days at most', 'auto', [firstSeen(200, 7)], 90],
  ['what was asked for', 5 * DAY_MS, [firstSeen(30, 7)], 5],
  ['90 days at most of that too', 200 * DAY_MS, [], 90],
  ['nothing when it is off', 'off', [firstSeen(30, 7)], 0],
]

test.each(cases)('it is %s', (_name, setting, detects, days) => {
  const rules = detects.map((detect) => (detect === undefined ? {} : { detect }))
  expect(backfillMs(setting, rules)).toBe(days * DAY_MS)
})
