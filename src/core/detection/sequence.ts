// Owns sequences: the spans of chains of steps, with absent steps and counts. Finding chains: sequence-chains.ts.
import { type DeriveContext, type Extent, coverOf, silenceMark } from './extent.ts'
import type { Member } from './member.ts'
import { type Chain, latestUpTo, longestChains } from './sequence-chains.ts'
import { type Plan, type Sequence, momentsOf, planOf } from './sequence-plan.ts'

/**
 * The union of [first, last] over all chains; spans that share a point are one extent. The evidence
 * are the events inside that fulfil a step other than an absent one. Members in order.
 */
export function deriveSequence(
  detect: Sequence,
  members: readonly Member[],
  context: DeriveContext,
): readonly Extent[] {
  const plan = planOf(detect)
  const mark = silenceMark(context)
  const chains = chainsOf(plan, detect, members)
  const judged =
    plan.absentLast === 0 ? chains : chains.filter(({ first }) => first + detect.withinMs <= mark)
  const evidence = members.filter(({ steps = 0 }) => (steps & plan.present) !== 0)
  return coverOf(judged, evidence)
}

/** First events of chains that are complete but for an absent last step that may still come. */
export function pendingSequences(
  detect: Sequence,
  members: readonly Member[],
  context: DeriveContext,
): readonly number[] {
  const plan = planOf(detect)
  if (plan.absentLast === 0) return []
  const mark = silenceMark(context)
  return chainsOf(plan, detect, members).flatMap(({ first }) =>
    first + detect.withinMs > mark ? [first] : [],
  )
}

/**
 * For each time at which a chain begins, the longest: all others from there lie inside it. So it is
 * with an absent last step, which the chain that ends last is the first to escape.
 */
function chainsOf(
  plan: Plan,
  { withinMs }: Sequence,
  members: readonly Member[],
): readonly Chain[] {
  if (members.length < plan.slots) return []
  const chains = longestChains(plan, momentsOf(members), withinMs)
  if (plan.absentLast === 0) return chains
  const enders = members.flatMap(({ time, steps = 0 }) =>
    (steps & plan.absentLast) === 0 ? [] : [time],
  )
  return chains.filter(({ first, last }) => {
    const latest = latestUpTo(enders, first + withinMs)
    return latest === undefined || latest <= last
  })
}
