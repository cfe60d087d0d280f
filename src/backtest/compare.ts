// Owns what differs between the alerts of two rule sets: gained, lost, changed, group by group. How
// it is told: cli/.
import type { Gathered } from './collector.ts'
import { groupAt, sideAt } from './place.ts'
import { severityAt } from './result.ts'

/** An alert of both rule sets that is not the same; indexes into `Gathered.pieces`. */
export type Changed = { readonly before: number; readonly after: number }

export type Difference = {
  /** Indexes into `Gathered.pieces` of alerts that only the first rule set raises. */
  readonly gained: Uint32Array
  /** Of alerts that only the second, with which it is compared, raises. */
  readonly lost: Uint32Array
  readonly changed: readonly Changed[]
}

/**
 * Compares the alerts of a group in the order of time. Two that overlap are the same alert, each at
 * most once: of an alert that falls apart, what follows its first piece is gained.
 */
export function compareSides(gathered: Gathered): Difference {
  const { pieces } = gathered
  const gained: number[] = []
  const lost: number[] = []
  const changed: Changed[] = []
  for (let start = 0; start < pieces.size; ) {
    const group = groupAt(pieces.places[start] ?? 1)
    const middle = endOf(
      gathered,
      start,
      (place) => groupAt(place) === group && sideAt(place) === 0,
    )
    const end = endOf(gathered, middle, (place) => groupAt(place) === group)
    let after = start
    let before = middle
    while (after < middle || before < end) {
      const order = before === end ? -1 : after === middle ? 1 : orderOf(gathered, after, before)
      if (order < 0) gained.push(after)
      else if (order > 0) lost.push(before)
      else if (differs(gathered, after, before)) changed.push({ before, after })
      if (order <= 0) after += 1
      if (order >= 0) before += 1
    }
    start = end
  }
  return { gained: Uint32Array.from(gained), lost: Uint32Array.from(lost), changed }
}

/** The first index from `start` on whose place does not belong. */
function endOf({ pieces }: Gathered, start: number, belongs: (place: number) => boolean): number {
  let end = start
  while (end < pieces.size && belongs(pieces.places[end] ?? 1)) end += 1
  return end
}

/** Below 0 when the first lies wholly before the other, above 0 behind it, 0 when they overlap. */
function orderOf({ pieces }: Gathered, one: number, other: number): number {
  if ((pieces.lasts[one] ?? 0) < (pieces.firsts[other] ?? 0)) return -1
  return (pieces.lasts[other] ?? 0) < (pieces.firsts[one] ?? 0) ? 1 : 0
}

function differs(gathered: Gathered, one: number, other: number): boolean {
  const { firsts, lasts, counts } = gathered.pieces
  return (
    firsts[one] !== firsts[other] ||
    lasts[one] !== lasts[other] ||
    counts[one] !== counts[other] ||
    severityOf(gathered, one) !== severityOf(gathered, other)
  )
}

function severityOf({ pieces, groups, rules, ruleIds }: Gathered, index: number): string {
  const place = pieces.places[index] ?? 1
  const rule = rules[sideAt(place)]?.get(ruleIds[groups.ruleOf(groupAt(place))] ?? '')
  return rule === undefined ? '' : severityAt(rule, pieces.counts[index] ?? 0)
}
