// Owns the proof that one process reads a thousand contracts: few requests at a time, the starts
// spread, and none left behind by the others under the budget they share.
import { describe, expect, it } from 'vitest'
import { REQUESTS_UNDER_WAY_MAX, spreadMs } from '../../src/source/reader.ts'
import { CONFIG, createBench, fixedContracts, MINUTE_MS, START } from './reader-harness.ts'
import { createVirtualClock } from './virtual-clock.ts'

const CONTRACTS = Array.from({ length: 1_000 }, (_, at) => `${31_720_000 + at}`)

/** An empty log whose answers take their time; knows who asked when, and how many did at once. */
function openLog(requestMs: number) {
  const clock = createVirtualClock(START)
  const asked = new Map<string, number[]>(CONTRACTS.map((contract) => [contract, []]))
  const world = { underWay: 0, underWayMost: 0 }
  const client = {
    async page(contract: string, _at: unknown, signal: AbortSignal) {
      asked.get(contract)?.push(clock.now())
      world.underWay += 1
      world.underWayMost = Math.max(world.underWayMost, world.underWay)
      await clock.sleep(requestMs, signal)
      world.underWay -= 1
      return { total: 0, hits: [], hitCount: 0 }
    },
  }
  return { clock, asked, world, client }
}

describe('a thousand contracts in one process', () => {
  it.each([
    { name: 'a budget that is enough', perMinute: 6_000, requestMs: 100, minutes: 2, least: 6 },
    { name: 'far too small a budget', perMinute: 600, requestMs: 1_000, minutes: 12, least: 5 },
  ])(
    'are read evenly: $name',
    async ({ perMinute, requestMs, minutes, least }) => {
      const { clock, asked, world, client } = openLog(requestMs)
      const end = START + minutes * MINUTE_MS
      await createBench(client, clock).runUntil(() => clock.now() >= end, {
        contracts: fixedContracts(CONTRACTS),
        config: { ...CONFIG, requestsPerMinuteMax: perMinute },
      })
      const counts = [...asked.values()].map((times) => times.length)
      expect(world.underWayMost).toBeLessThanOrEqual(REQUESTS_UNDER_WAY_MAX)
      expect(world.underWay).toBeLessThanOrEqual(REQUESTS_UNDER_WAY_MAX)
      expect(Math.min(...counts)).toBeGreaterThanOrEqual(least)
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(4)
    },
    60_000,
  )
})

it('begin at moments that are theirs, within five seconds', () => {
  const seconds = new Map<number, number>()
  for (const contract of CONTRACTS) {
    expect(spreadMs(contract)).toBe(spreadMs(contract))
    const second = Math.floor(spreadMs(contract) / 1_000)
    seconds.set(second, (seconds.get(second) ?? 0) + 1)
  }
  expect([...seconds.keys()].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4])
  expect(Math.min(...seconds.values())).toBeGreaterThan(100)
})
