// Owns what happens while a case is fed: processes that die, and people who resolve alerts. Cases
// themselves: arbitrary-detection.ts.
import fc from 'fast-check'
import type { Crashes, Resolutions } from './through-pipeline.ts'

export type Accidents = { readonly crashes: Crashes; readonly resolutions: Resolutions }

/** Often nothing; a case has some ten batches. */
export const accidents: fc.Arbitrary<Accidents> = fc.record({
  crashes: fc.array(fc.nat(12), { maxLength: 6 }),
  resolutions: fc
    .array(fc.tuple(fc.nat(12), fc.nat(3)), { maxLength: 2 })
    .map((pairs): Resolutions => new Map(pairs)),
})
