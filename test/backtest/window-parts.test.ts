// Windows of any length are judged in parts that fit into memory, also where events lie so close
// that no part could end between them.
import { describe, expect, test } from 'vitest'
import {
  createWindowReader,
  type FoundExtent,
  MEMBERS_HELD_MAX,
} from '../../src/backtest/window-parts.ts'
import type { Member } from '../../src/core/detection/member.ts'
import type { Detect } from '../../src/core/rule-detect.ts'

const DAY_MS = 86_400_000

function read(detect: Detect, size: number, memberAt: (at: number) => Member) {
  const extents: FoundExtent[] = []
  let crowded = 0
  const reader = createWindowReader({
    detect,
    context: { markMs: Infinity, settleMs: 0, gaps: [] },
    emit: (extent) => extents.push(extent),
    onCrowded: () => {
      crowded += 1
    },
  })
  for (let at = 0; at < size; at += 1) reader.add(memberAt(at))
  reader.finish()
  const count = extents.reduce((sum, extent) => sum + extent.count, 0)
  const detections = extents.filter(({ isMore }) => !isMore).length
  const last = extents.reduce((latest, extent) => Math.max(latest, extent.last), 0)
  return { count, detections, last, first: extents[0]?.first, isCrowded: crowded > 0 }
}

const SIZE = 1.5 * MEMBERS_HELD_MAX
const idOf = (at: number) => String(at).padStart(9, '0')

describe('a window of hundreds of thousands of events', () => {
  test('that lie apart by parts of "within" is judged as a whole', () => {
    const detect: Detect = { kind: 'threshold', groupBy: [], count: 3, withinMs: 60_000 }
    const found = read(detect, SIZE, (at) => ({ id: idOf(at), time: at * 20_000 }))
    const last = (SIZE - 1) * 20_000
    expect(found).toEqual({ count: SIZE, detections: 1, first: 0, last, isCrowded: false })
  })

  test('all within "within" loses nothing of a threshold, and says that it is crowded', () => {
    const detect: Detect = { kind: 'threshold', groupBy: [], count: 100, withinMs: DAY_MS }
    const found = read(detect, SIZE, (at) => ({ id: idOf(at), time: at }))
    expect(found).toMatchObject({ count: SIZE, first: 0, last: SIZE - 1, isCrowded: true })
  })

  test('has as many first sightings as there are values', () => {
    const detect: Detect = {
      kind: 'firstSeen',
      groupBy: [],
      value: ['ip'],
      historyMs: DAY_MS,
      learnMs: 1_000,
    }
    const memberAt = (at: number) => ({ id: idOf(at), time: at, value: String(at % 5_000) })
    expect(read(detect, SIZE, memberAt)).toMatchObject({ count: 4_000, detections: 4_000 })
  })

  test('that is never silent is silent once, at its end', () => {
    const detect: Detect = { kind: 'absence', groupBy: [], withinMs: 60_000 }
    const found = read(detect, SIZE, (at) => ({ id: idOf(at), time: at * 1_000 }))
    const last = (SIZE - 1) * 1_000 + 60_000
    expect(found).toEqual({ count: 0, detections: 1, first: last, last, isCrowded: false })
  })

  test('is a spike in one span only', () => {
    const detect: Detect = {
      kind: 'spike',
      groupBy: [],
      withinMs: 1_000,
      baselineMs: DAY_MS,
      factor: 2,
      min: 10,
    }
    // Ten a second, and thirty in the last one.
    const memberAt = (at: number) => {
      const time = at < SIZE - 30 ? at * 100 : (SIZE - 30) * 100 + (at - SIZE + 30)
      return { id: idOf(at), time }
    }
    expect(read(detect, SIZE, memberAt)).toMatchObject({ count: 30, detections: 1 })
  })
})
