// Owns the route that says what of a span was evaluated, contract by contract, and what may be
// missing. `tocsin coverage` says the same.
import { z } from 'zod'
import { HOUR_MS, wholeHours } from '../../core/coverage.ts'
import { coverageFaults } from '../../core/coverage-faults.ts'
import type { CoverageStore, ReadStore } from '../../state/read-stores.ts'
import { coverageShape, coverageView, type CoverageView } from '../coverage-view.ts'
import { HttpProblem } from '../problem.ts'
import { listOf, moment, word } from '../query-shape.ts'
import { route, type Route } from '../route.ts'

export type CoverageParts = {
  readonly coverage: CoverageStore
  readonly reads: Pick<ReadStore, 'contracts'>
  readonly now: () => number
}

const SPAN_DEFAULT_MS = 24 * HOUR_MS
/** Hours of all contracts that one answer sums up: what Redis reads in a second or so. */
const HOURS_PER_ANSWER_MAX = 50_000
const CONTRACTS_PER_ANSWER_MAX = 100
/** As long as the ledger is kept. */
const SPAN_HOURS_MAX = 400 * 24

export function coverageRoutes(parts: CoverageParts): readonly Route[] {
  const { now } = parts
  const query = z.strictObject({
    // Without it: a day, or less where reading began later.
    from: moment(now, () => Number.NaN).describe('Begin. Without it a day ago, or since reading.'),
    to: moment(now, now).describe('End. Now, when it is missing.'),
    contract: listOf(word).describe('Only these.'),
    after: word.optional().describe('`next` of the answer before.'),
  })
  return [
    route({
      method: 'GET',
      path: '/api/coverage',
      role: 'viewer',
      summary: 'How many of how many entries of a span were evaluated, and which gaps there are',
      about: `The span is widened to whole hours. For many contracts \`next\` is there: ask again with \`after=\` it.`,
      query,
      answer: z.object({ contracts: z.array(coverageShape), next: z.string().optional() }),
      handle: async ({ query }) => {
        const isOpen = Number.isNaN(query.from)
        const to = Math.min(query.to, now())
        const from = isOpen ? to - SPAN_DEFAULT_MS : query.from
        const whole = checkSpan(from, to)
        const hours = (whole.to - whole.from) / HOUR_MS
        const wanted = await wantedContracts(parts, query)
        const atOnce = Math.max(1, Math.floor(HOURS_PER_ANSWER_MAX / hours))
        const shown = wanted.slice(0, Math.min(atOnce, CONTRACTS_PER_ANSWER_MAX))
        const contracts: CoverageView[] = []
        for (const contract of shown) {
          const found = await parts.coverage.coverage(contract, { from, to })
          const promised = isOpen ? Math.max(from, found.since ?? from) : from
          contracts.push(coverageView(found, coverageFaults(found, { from: promised, to })))
        }
        const hasMore = wanted.length > shown.length
        return { body: { contracts, ...(hasMore && { next: shown.at(-1) }) } }
      },
    }),
  ]
}

function checkSpan(from: number, to: number) {
  if (to <= from) throw new HttpProblem('bad-request', '/query/to: it is not after from')
  const whole = wholeHours({ from, to })
  if ((whole.to - whole.from) / HOUR_MS <= SPAN_HOURS_MAX) return whole
  const days = SPAN_HOURS_MAX / 24
  throw new HttpProblem('bad-request', `/query/from: a span may have ${days} days`)
}

async function wantedContracts(
  { reads }: CoverageParts,
  asked: { readonly contract: readonly string[]; readonly after?: string | undefined },
): Promise<readonly string[]> {
  const { contract, after } = asked
  const known = await reads.contracts()
  const unknown = contract.find((one) => !known.includes(one))
  if (unknown !== undefined) {
    throw new HttpProblem('not-found', `contract ${unknown} was never read`)
  }
  const wanted = contract.length === 0 ? known : [...new Set(contract)].sort()
  return after === undefined ? wanted : wanted.filter((one) => one > after)
}
