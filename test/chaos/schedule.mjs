// Owns the schedule of a chaos run: which fault strikes what, when and for how long. The same seed
// gives the same schedule.
import { LINK_FAULTS } from './fault-proxy.mjs'
import { createChance } from './harness.mjs'

/** From the end of one to the begin of the next, on the average, ms; they may overlap. */
const EVERY_MS = 2_500
/** The last part is left alone, so that what was begun can be seen to end. */
const QUIET_END_MS = 5_000
const LINK_MS = [300, 9_000]
/** A half-open connection to Redis is found out after 15 s; it must stay so long. */
const FROZEN_MS = [500, 14_000]
const FULL_MS = [1_000, 6_000]
const WRONG_CLOCK_MS = [1_000, 8_000]
/** How wrong a clock gets, in minutes of the simulated time. */
const WRONG_MINUTES_MAX = 10

/** What is struck, with how often one is chosen. */
const KINDS = [
  { kind: 'link', weight: 10 },
  { kind: 'kill', weight: 4 },
  { kind: 'freeze', weight: 3 },
  { kind: 'kill-redis', weight: 1 },
  { kind: 'freeze-redis', weight: 1 },
  { kind: 'disk-full', weight: 1 },
  { kind: 'clock', weight: 2 },
]

/**
 * `links` and `processes` are names. Returns faults in order: `{ atMs, forMs, kind, target, how }`;
 * `forMs` 0 is a moment.
 */
export function planFaults({ seed, runMs, links, processes }) {
  const chance = createChance(seed)
  const pick = (list) => list[Math.floor(chance() * list.length)]
  const between = ([from, to]) => Math.round(from + chance() * (to - from))
  const total = KINDS.reduce((sum, { weight }) => sum + weight, 0)
  const kindOf = () => {
    let left = chance() * total
    return KINDS.find(({ weight }) => (left -= weight) < 0)?.kind ?? 'link'
  }
  const faults = []
  for (let atMs = 3_000; ; ) {
    atMs += Math.round(EVERY_MS * (0.2 + 1.6 * chance()))
    const kind = kindOf()
    const fault = { atMs, kind, ...detailOf(kind, { pick, between, chance, links, processes }) }
    if (atMs + fault.forMs > runMs - QUIET_END_MS) {
      if (atMs > runMs - QUIET_END_MS) return faults
      continue
    }
    faults.push(fault)
  }
}

function detailOf(kind, { pick, between, chance, links, processes }) {
  if (kind === 'link')
    return { target: pick(links), how: pick(LINK_FAULTS), forMs: between(LINK_MS) }
  if (kind === 'kill') return { target: pick(processes), forMs: 0 }
  if (kind === 'freeze') return { target: pick(processes), forMs: between(FROZEN_MS) }
  if (kind === 'kill-redis') return { target: 'redis', forMs: 0 }
  if (kind === 'freeze-redis') return { target: 'redis', forMs: between([300, 6_000]) }
  if (kind === 'disk-full') return { target: 'archive', forMs: between(FULL_MS) }
  const minutes = Math.round((chance() * 2 - 1) * WRONG_MINUTES_MAX)
  return { target: pick(processes), how: minutes, forMs: between(WRONG_CLOCK_MS) }
}
