import type { Span } from '../../src/state/stores.ts'
import { describe, expect, it } from 'vitest'
import { createSweeps } from '../../src/source/sweeps.ts'
import type { SweepPiece, Sweeps } from '../../src/source/sweeps.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const START = Date.parse('2026-11-20T12:00:00Z')
const CONFIG = [
  { everyMs: HOUR, reachMs: 24 * HOUR },
  { everyMs: 5 * MINUTE, reachMs: 15 * MINUTE },
]

function drain(sweeps: Sweeps, nowMs: number): readonly SweepPiece[] {
  const pieces: SweepPiece[] = []
  for (let piece = sweeps.next(nowMs, nowMs); piece; piece = sweeps.next(nowMs, nowMs)) {
    pieces.push(piece)
  }
  return pieces
}

const again = (): Sweeps =>
  createSweeps({ sweeps: CONFIG, startMs: START, sinceMs: 0, isFirst: false })

describe('sweeps', () => {
  it('are all due after a restart: the short one first, then the long one from its newest hour', () => {
    const pieces = drain(again(), START)
    expect(pieces).toHaveLength(25)
    expect(pieces[0]?.window).toEqual({ from: START - 15 * MINUTE, to: START })
    expect(pieces[1]?.window).toEqual({ from: START - HOUR, to: START })
    expect(pieces[24]?.window.from).toBe(START - 24 * HOUR)
  })

  it('begin after their interval on the very first start, and not before its begin', () => {
    const sinceMs = START - 10 * MINUTE
    const sweeps = createSweeps({ sweeps: CONFIG, startMs: START, sinceMs, isFirst: true })
    expect(drain(sweeps, START)).toEqual([])
    const windows = drain(sweeps, START + 5 * MINUTE).map(({ window }) => window)
    expect(windows).toEqual([{ from: sinceMs, to: START + 5 * MINUTE }])
  })

  it('come again after their interval, each by its own', () => {
    const sweeps = again()
    drain(sweeps, START)
    expect(drain(sweeps, START + 4 * MINUTE)).toEqual([])
    expect(drain(sweeps, START + 5 * MINUTE)).toHaveLength(1)
    expect(drain(sweeps, START + HOUR)).toHaveLength(25)
  })

  it('come on time after the clock was set back', () => {
    const sweeps = again()
    drain(sweeps, START + 10 * HOUR)
    expect(drain(sweeps, START)).toHaveLength(25)
  })

  it('finish a round before they begin another', () => {
    const sweeps = again()
    const first = Array.from({ length: 10 }, () => sweeps.next(START, START)?.window.from)
    const rest = drain(sweeps, START + 2 * HOUR).slice(1)
    expect(rest.map(({ window }) => window.from)).not.toContain(first[5])
    expect(rest.at(-1)?.window.from).toBe(START - 24 * HOUR)
  })
})

const found = (span: Span, foundAt = START) => ({ ...span, reason: 'unproven' as const, foundAt })

describe('unproven spans', () => {
  const second = { from: START - MINUTE, to: START - MINUTE + 1_000 }

  it('are tried at once, then ever more rarely', () => {
    const sweeps = again()
    drain(sweeps, START)
    const tries: number[] = []
    for (let now = START; now < START + 6 * HOUR; now += MINUTE) {
      if (sweeps.wantsUnproven(now)) sweeps.setUnproven([found(second)], now)
      if (drain(sweeps, now).some(({ kind }) => kind === 'unproven')) tries.push(now - START)
    }
    const gaps = tries.slice(1).map((time, index) => (time - (tries[index] ?? 0)) / MINUTE)
    expect(tries[0]).toBe(0)
    expect(gaps).toEqual([10, 20, 40, 60, 60, 60, 60])
  })

  it('are left out of sweeps, which one unreadable second would fail as a whole', () => {
    const sweeps = again()
    sweeps.setUnproven([found(second)], START)
    const windows = drain(sweeps, START)
      .filter(({ kind }) => kind === 'sweep')
      .map(({ window }) => window)
    expect(windows).toContainEqual({ from: START - 15 * MINUTE, to: second.from })
    expect(windows).toContainEqual({ from: second.to, to: START })
  })

  it('are gaps after a day of trying, not before', () => {
    const sweeps = again()
    sweeps.setUnproven([found(second)], START)
    sweeps.setUnproven([found(second)], START + 20 * HOUR)
    expect(sweeps.takeGaps(START + 23 * HOUR)).toEqual([])
    expect(sweeps.takeGaps(START + 25 * HOUR)).toEqual([second])
    expect(sweeps.takeGaps(START + 25 * HOUR)).toEqual([])
  })

  it('are gaps a day after they were found, however often the service was started since', () => {
    const sweeps = again()
    const old = { from: START - 21 * HOUR, to: START - 20 * HOUR }
    sweeps.setUnproven([found(old, START - 20 * HOUR)], START)
    expect(sweeps.takeGaps(START + 3 * HOUR)).toEqual([])
    expect(sweeps.takeGaps(START + 5 * HOUR)).toEqual([old])
  })

  it('that are old already when first seen get their day all the same', () => {
    const sweeps = again()
    const old = { from: START - 72 * HOUR, to: START - 71 * HOUR }
    sweeps.setUnproven([found(old)], START)
    expect(sweeps.takeGaps(START + 23 * HOUR)).toEqual([])
  })
})
