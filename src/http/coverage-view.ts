// Owns how the API shows coverage: what of a span of one contract was evaluated, and what may be
// missing. The sums are core/coverage.ts'.
import { z } from 'zod'
import type { Coverage, Gap, GapReason } from '../core/coverage.ts'
import { isoTime } from './alert-view.ts'

/** Gaps that one answer lists; `gapCount` counts all. */
const GAPS_SHOWN_MAX = 500

const GAP_REASONS = ['unproven', 'given-up', 'poisoned', 'lost'] as const satisfies GapReason[]

const gapShape = z.object({
  from: z.string(),
  to: z.string(),
  reason: z.enum(GAP_REASONS),
  foundAt: z.string().optional(),
})

export const coverageShape = z.object({
  contract: z.string(),
  from: z.string().describe('In whole hours.'),
  to: z.string(),
  since: z.string().optional().describe('Where reading began: before it nothing was promised.'),
  readMark: z.string().optional(),
  evaluatedMark: z.string().optional().describe('Everything before it was evaluated, but gaps.'),
  entries: z.number().describe('Different entries that were read.'),
  evaluated: z.number(),
  waiting: z.number().describe('Read, and not evaluated so far.'),
  poisoned: z.number().describe('No attempt could evaluate them: they are in the dead letters.'),
  unusable: z.number().describe('More that are no entries, in the dead letters.'),
  ruleSets: z.array(z.object({ version: z.string(), entries: z.number() })),
  gaps: z.array(gapShape).describe(`The ${GAPS_SHOWN_MAX} earliest that are open.`),
  gapCount: z.number(),
  closedGaps: z.array(gapShape.extend({ closedAt: z.string() })),
  hours: z
    .object({ read: z.number(), confirmed: z.number() })
    .describe('Whole hours, and those that a later read confirmed.'),
  delay: z
    .object({ p50: z.number(), p95: z.number(), p99: z.number(), max: z.number() })
    .optional()
    .describe('How long after they happened entries were read, seconds.'),
  complete: z.boolean(),
  faults: z.array(z.string()).describe('Why it is not complete.'),
})

export type CoverageView = z.output<typeof coverageShape>

export function coverageView(found: Coverage, faults: readonly string[]): CoverageView {
  const { since, readMark, evaluatedMark, gaps, closedGaps, delay } = found
  return {
    contract: found.contract,
    from: isoTime(found.from),
    to: isoTime(found.to),
    ...(since !== undefined && { since: isoTime(since) }),
    ...(readMark !== undefined && { readMark: isoTime(readMark) }),
    ...(evaluatedMark !== undefined && { evaluatedMark: isoTime(evaluatedMark) }),
    entries: found.entries,
    evaluated: found.evaluated,
    waiting: found.waiting,
    poisoned: found.poisoned,
    unusable: found.unusable,
    ruleSets: found.ruleSets.map((one) => ({ ...one })),
    gaps: gaps.slice(0, GAPS_SHOWN_MAX).map(gapView),
    gapCount: gaps.length,
    closedGaps: closedGaps.map((one) => ({ ...gapView(one), closedAt: isoTime(one.closedAt) })),
    hours: { ...found.hours },
    ...(delay !== undefined && { delay: { ...delay } }),
    complete: faults.length === 0,
    faults: [...faults],
  }
}

function gapView({ from, to, reason, foundAt }: Gap) {
  const known = foundAt === 0 ? {} : { foundAt: isoTime(foundAt) }
  return { from: isoTime(from), to: isoTime(to), reason, ...known }
}
