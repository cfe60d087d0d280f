// Owns how many cases of the law `npm test` tries in memory. The law itself: law.ts; many more cases:
// test/fuzz/detection.mjs. Derivations: derivation.test.ts.
import { describe, test } from 'vitest'
import { KIND_NAMES } from './arbitrary-detect.ts'
import { openMemoryStores, proveLaw } from './law.ts'

/** For each kind; many more by hand, with the variable of this name. */
const CASES = Number(process.env['CASES'] ?? 2_000)

const TIMEOUT_MS = 60_000 + CASES * 60

describe.each(KIND_NAMES)('kind %s', (kind) => {
  test(
    'in memory the alerts are those of the oracle',
    () => proveLaw(kind, openMemoryStores, { cases: CASES }),
    TIMEOUT_MS,
  )
})
