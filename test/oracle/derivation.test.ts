// Owns that what src/core/detection derives is what the oracle says, from all members and batch by
// batch. Stores and the service are compared elsewhere.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KIND_NAMES } from './arbitrary-detect.ts'
import { detectionCase } from './arbitrary-detection.ts'
import { deriveAtOnce, deriveStepwise, expected, ruleOf } from './derive-alerts.ts'

/** For each kind; many more by hand, with the variable of this name. */
const CASES = Number(process.env['CASES'] ?? 500)

const TIMEOUT_MS = 30_000 + CASES * 20

test.each(KIND_NAMES)(
  'kind %s: deriving once, or around each batch and timer, gives the alerts of the oracle',
  (kind) => {
    fc.assert(
      fc.property(detectionCase(kind), (one) => {
        const alerts = expected(one.input)
        const { detect } = ruleOf(one)
        expect(deriveAtOnce(one.input, detect), 'once').toEqual(alerts)
        expect(deriveStepwise(one, detect), 'stepwise').toEqual(alerts)
      }),
      { numRuns: CASES },
    )
  },
  TIMEOUT_MS,
)
