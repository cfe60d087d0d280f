// Owns the law for the service's own pipeline as a property: whatever the order, repeats, batches, crashes
// and what people resolved on the way, the alerts in the store are the oracle's. Stores: pipeline.test.ts.
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { createMemoryAlertActionStore } from '../../src/state/memory-alert-actions.ts'
import { createMemoryAlertState } from '../../src/state/memory-alert-state.ts'
import { createMemoryAlertStore, createMemoryNumberStore } from '../../src/state/memory-alerts.ts'
import { createMemoryWindowStore } from '../../src/state/memory-windows.ts'
import { accidents } from './arbitrary-accidents.ts'
import type { KindName } from './arbitrary-detect.ts'
import { type DetectionCase, detectionCase } from './arbitrary-detection.ts'
import {
  type CaseStores,
  expectedOutcome,
  type Happenings,
  throughPipeline,
} from './through-pipeline.ts'

/** What was met on the way; a case is one rule and one set of events in one order. */
export type LawCounts = {
  cases: number
  /** Cases in which something is an alert. */
  alerting: number
  /** Processes that died and were replaced. */
  crashes: number
  /** Alerts that a person resolved. */
  resolutions: number
}

export type LawOptions = {
  readonly cases: number
  /** The same seed draws the same cases; without one, each call draws others. */
  readonly seed?: number
}

export function createLawCounts(): LawCounts {
  return { cases: 0, alerting: 0, crashes: 0, resolutions: 0 }
}

/** Throws with the smallest case that breaks the law, and with the seed that brings it back. */
export async function proveLaw(
  kind: KindName,
  openStores: () => CaseStores,
  { cases, seed }: LawOptions,
  counts: LawCounts = createLawCounts(),
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(detectionCase(kind), accidents, async (one, what) => {
      await proveCase(one, openStores(), what, counts)
    }),
    { numRuns: cases, ...(seed !== undefined && { seed }) },
  )
}

/** Throws when a case breaks the law. */
export async function proveCase(
  one: DetectionCase,
  stores: CaseStores,
  what: Happenings,
  counts: LawCounts,
): Promise<void> {
  const { found, cuts, crashes } = await throughPipeline(one, stores, what)
  const expected = expectedOutcome({ ...one.input, cuts })
  counts.cases += 1
  counts.alerting += expected.length > 0 ? 1 : 0
  counts.crashes += crashes
  counts.resolutions += cuts.length
  if (isDeepStrictEqual(found, expected)) return
  throw new Error(`found ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`)
}

/** Empty stores in memory. */
export function openMemoryStores(): CaseStores {
  const state = createMemoryAlertState()
  return {
    alerts: createMemoryAlertStore(state),
    actions: createMemoryAlertActionStore(state),
    windows: createMemoryWindowStore(state),
    numbers: createMemoryNumberStore(),
  }
}
