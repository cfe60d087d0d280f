// Owns the law for the service's own pipeline: whatever the order, repeats, batches, crashes and what
// people resolved on the way, the alerts in the store are the oracle's. Derivations: derivation.test.ts.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createMemoryAlertActionStore } from '../../src/state/memory-alert-actions.ts'
import { createMemoryAlertState } from '../../src/state/memory-alert-state.ts'
import { createMemoryAlertStore, createMemoryNumberStore } from '../../src/state/memory-alerts.ts'
import { createMemoryWindowStore } from '../../src/state/memory-windows.ts'
import { KIND_NAMES } from './arbitrary-detect.ts'
import { detectionCase } from './arbitrary-detection.ts'
import { accidents } from './arbitrary-accidents.ts'
import { type CaseStores, expectedOutcome, throughPipeline } from './through-pipeline.ts'

/** For each kind; many more by hand, with the variable of this name. */
const CASES = Number(process.env['CASES'] ?? 500)

const TIMEOUT_MS = 60_000 + CASES * 60

function openMemory(): CaseStores {
  const state = createMemoryAlertState()
  return {
    alerts: createMemoryAlertStore(state),
    actions: createMemoryAlertActionStore(state),
    windows: createMemoryWindowStore(state),
    numbers: createMemoryNumberStore(),
  }
}

describe.each(KIND_NAMES)('kind %s', (kind) => {
  test(
    'in memory the alerts are those of the oracle',
    async () => {
      await fc.assert(
        fc.asyncProperty(detectionCase(kind), accidents, async (one, what) => {
          const { found, cuts } = await throughPipeline(one, openMemory(), what)
          expect(found).toEqual(expectedOutcome({ ...one.input, cuts }))
        }),
        { numRuns: CASES },
      )
    },
    TIMEOUT_MS,
  )
})
