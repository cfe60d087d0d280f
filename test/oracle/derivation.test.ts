// Owns that what src/core/detection derives is what the oracle says, from all members and batch by
// batch. Stores and the service are compared elsewhere.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KIND_NAMES } from './arbitrary-detect.ts'
import { type DetectionCase, detectionCase } from './arbitrary-detection.ts'
import { deriveAtOnce, deriveStepwise, type Found } from './derive-alerts.ts'
import { oracle } from './oracle.ts'

const CASES = Number(process.env['CASES'] ?? 500)

/** More than vitest gives, for runs of many cases by hand. */
const TIMEOUT_MS = 30_000 + CASES * 20

function expected({ input }: DetectionCase): readonly Found[] {
  return oracle(input).map(({ severity: _, distinct = 0, ...rest }) => ({ ...rest, distinct }))
}

describe.each(KIND_NAMES)('kind %s', (kind) => {
  test(
    'deriving from all members gives the alerts of the oracle',
    () => {
      fc.assert(
        fc.property(detectionCase(kind), (one) => {
          expect(deriveAtOnce(one)).toEqual(expected(one))
        }),
        { numRuns: CASES },
      )
    },
    TIMEOUT_MS,
  )

  test(
    'deriving around each batch and each timer does too',
    () => {
      fc.assert(
        fc.property(detectionCase(kind), (one) => {
          expect(deriveStepwise(one)).toEqual(expected(one))
        }),
        { numRuns: CASES },
      )
    },
    TIMEOUT_MS,
  )
})
