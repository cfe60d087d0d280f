import { afterEach, describe, expect, it } from 'vitest'
import { ALL_FAULTS } from '../../src/simulator/faults.ts'
import {
  busyScenario,
  CONFIG,
  CONTRACT,
  createHarness,
  type Harness,
  HOUR_MS,
  idsOf,
  MINUTE_MS,
  reachableContracts,
  START,
} from './reader-harness.ts'

let harness: Harness
afterEach(async () => await harness.stop())

/** Ids the API holds in the span that never came to the queue. */
function missing(held: readonly unknown[], queued: readonly unknown[]): readonly string[] {
  const known = new Set(idsOf(queued))
  return idsOf(held).filter((id) => !known.has(id))
}

describe('a reader on a log with every fault', () => {
  it.each([
    ['seldom', 1],
    ['four times as often', 4],
  ])(
    'has queued each entry before the mark, faults %s',
    async (_name, times) => {
      const statuses = Object.entries(ALL_FAULTS.statuses ?? {}).map(([status, delay]) => [
        status,
        { ...delay, probability: delay.probability * times },
      ])
      harness = await createHarness({
        scenario: busyScenario(),
        entriesPerMinute: 20,
        faults: {
          ...ALL_FAULTS,
          shuffle: times > 1 ? 'page' : 'window',
          slow: { probability: 0.01, ms: 1 },
          damaged: 0.01,
          duplicates: 0.2,
          movingTotal: 0.05 * times,
          cut: 0.03 * times,
          statuses: Object.fromEntries(statuses),
        },
      })
      const { simulator, clock } = harness
      const reader = await harness.runUntil(() => clock.now() > START + 50 * MINUTE_MS, {
        config: { ...CONFIG, intervalMs: MINUTE_MS },
      })
      const { mark = 0 } = reader.status()[CONTRACT] ?? {}
      expect(mark).toBeGreaterThan(START + 40 * MINUTE_MS)

      // What came late is found by the sweeps of a quarter of an hour.
      const held = simulator.entriesHeld(CONTRACT, {
        from: START - HOUR_MS,
        to: mark - 10 * MINUTE_MS,
      })
      expect(held.length).toBeGreaterThan(1_000)
      expect(missing(held, harness.queued)).toEqual([])
      const { faults } = simulator.counts()
      expect(Object.keys(faults)).toEqual(
        expect.arrayContaining(['401', '429', '500', 'cut', 'reset', 'moving-total']),
      )
      expect(harness.buried.length).toBeGreaterThan(0)
      expect(await harness.reads.unproven(CONTRACT, 100)).toEqual([])
    },
    60_000,
  )

  it('reads every contract, each once, though one needs its number in a header', async () => {
    const contracts = ['31720001', '9876543218374837483']
    const scenario = busyScenario(contracts)
    harness = await createHarness({ scenario, entriesPerMinute: 20 })
    const { simulator, clock } = harness
    const queued = new Map<string, unknown[]>(contracts.map((contract) => [contract, []]))
    const reader = await harness.runUntil(() => clock.now() > START + 20 * MINUTE_MS, {
      contracts: reachableContracts(harness.client),
      queue: {
        enqueue: async ({ contract, entries }) => void queued.get(contract)?.push(...entries),
        missing: async () => [],
        waiting: async () => 0,
      },
    })
    for (const contract of contracts) {
      const mark = reader.status()[contract]?.mark ?? 0
      const held = simulator.entriesHeld(contract, { from: START - HOUR_MS, to: mark })
      const ids = idsOf(queued.get(contract) ?? [], contract)
      expect(idsOf(held, contract).filter((id) => !ids.includes(id))).toEqual([])
      expect(ids).toHaveLength(new Set(ids).size)
    }
  }, 60_000)
})
