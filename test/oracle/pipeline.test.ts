// Owns the law for the service's own pipeline: whatever the order, repeats, batches and crashes, the
// alerts in the store are the oracle's. Derivations alone: derivation.test.ts.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createMemoryAlertState } from '../../src/state/memory-alert-state.ts'
import { createMemoryAlertStore, createMemoryNumberStore } from '../../src/state/memory-alerts.ts'
import { createMemoryWindowStore } from '../../src/state/memory-windows.ts'
import { KIND_NAMES } from './arbitrary-detect.ts'
import { detectionCase } from './arbitrary-detection.ts'
import { type CaseStores, expectedOutcome, throughPipeline } from './through-pipeline.ts'

/** For each kind; many more by hand, with the variable of this name. */
const CASES = Number(process.env['CASES'] ?? 2_000)

const TIMEOUT_MS = 60_000 + CASES * 40

function openMemory(): CaseStores {
  const state = createMemoryAlertState()
  return {
    alerts: createMemoryAlertStore(state),
    windows: createMemoryWindowStore(state),
    numbers: createMemoryNumberStore(),
  }
}

const crashes = fc.array(fc.nat(12), { maxLength: 6 })

describe.each(KIND_NAMES)('kind %s', (kind) => {
  test(
    'in memory',
    async () => {
      await fc.assert(
        fc.asyncProperty(detectionCase(kind), crashes, async (drawn, deaths) => {
          // People's cuts come with what they do: cuts.test.ts.
          const one = { ...drawn, input: { ...drawn.input, cuts: [] } }
          const found = await throughPipeline(one, openMemory(), deaths)
          expect(found).toEqual(expectedOutcome(one.input))
        }),
        { numRuns: CASES },
      )
    },
    TIMEOUT_MS,
  )
})
