// Owns the statistics of rules: what the metrics counted since the last time is added to the store
// every few seconds, so that all evaluators together can be asked about the last day or week.
import type { Clock } from './core/clock.ts'
import type { Log } from './observe/log.ts'
import type { Metrics } from './observe/metrics.ts'
import type { RuleCounts, RuleStats, RuleStatsStore } from './state/stores.ts'

const FLUSH_EVERY_MS = 10_000
/** What stopping waits for the last flush; a Redis that is away loses these seconds. */
const LAST_FLUSH_TIMEOUT_MS = 1_000
/** Rules whose time is kept per flush, the slowest: the others are of no interest. */
const TIMED_RULES_MAX = 100
const MICROS_PER_SECOND = 1_000_000

export type RuleStatsParts = {
  readonly metrics: Metrics
  readonly store: RuleStatsStore
  readonly clock: Clock
  readonly log: Log
  /** Brings the metrics up to date before they are read. */
  readonly publish: () => void
}

export type RuleStatsFlusher = {
  /** Adds what was counted since the last flush that worked. Throws when the store does. */
  flush(): Promise<void>
  /** Flushes until the signal aborts, and once more then. Never throws. */
  run(signal: AbortSignal): Promise<void>
}

type Counter = { get(): Promise<{ values: readonly CounterValue[] }> }
type CounterValue = {
  readonly value: number
  readonly labels: Partial<Record<string, string | number>>
}

/** What the metrics say, as numbers that only grow. */
type Totals = ReadonlyMap<string, number>

export function createRuleStats(parts: RuleStatsParts): RuleStatsFlusher {
  const { store, clock, log } = parts
  let before: Totals = new Map()

  const flush = async () => {
    parts.publish()
    const totals = await readTotals(parts.metrics)
    const stats = differenceOf(before, totals, clock.now())
    if (stats.events > 0 || stats.rules.size > 0) await store.add(clock.now(), stats)
    before = totals
  }
  const tryFlush = async () => {
    try {
      await flush()
    } catch (error) {
      log.debug({ error }, 'statistics of rules are kept for the next try')
    }
  }

  return {
    flush,
    async run(signal) {
      while (!signal.aborted) {
        await clock.sleep(FLUSH_EVERY_MS, signal)
        if (!signal.aborted) await tryFlush()
      }
      await Promise.race([tryFlush(), clock.sleep(LAST_FLUSH_TIMEOUT_MS)])
    },
  }
}

/** By name of the number, reason (or none) and rule. */
async function readTotals(metrics: Metrics): Promise<Totals> {
  const totals = new Map<string, number>()
  const read = async (name: string, counter: Counter) => {
    for (const { value, labels } of (await counter.get()).values) {
      const key = JSON.stringify([name, labels.rule ?? '', labels.reason ?? ''])
      // An alert is counted by severity too, which is of no interest here.
      totals.set(key, (totals.get(key) ?? 0) + value)
    }
  }
  await read('events', metrics.eventsEvaluated)
  await read('matches', metrics.matches)
  await read('detections', metrics.detections)
  await read('alerts', metrics.alerts)
  await read('notCounted', metrics.notCounted)
  await read('seconds', metrics.ruleSeconds)
  return totals
}

const NOTHING: RuleCounts = {
  matches: 0,
  detections: 0,
  alerts: 0,
  notCounted: {},
  micros: 0,
  lastMatchAt: undefined,
}

function differenceOf(before: Totals, totals: Totals, now: number): RuleStats {
  const rules = new Map<string, RuleCounts>()
  let events = 0
  for (const [key, total] of totals) {
    const more = total - (before.get(key) ?? 0)
    if (more <= 0) continue
    const [name, rule, reason] = JSON.parse(key) as [string, string, string]
    if (name === 'events') events += more
    else rules.set(rule, withMore(rules.get(rule) ?? NOTHING, { name, reason, more, now }))
  }
  return { events, rules: withoutFast(rules) }
}

function withMore(
  counts: RuleCounts,
  { name, reason, more, now }: { name: string; reason: string; more: number; now: number },
): RuleCounts {
  switch (name) {
    case 'matches':
      return { ...counts, matches: more, lastMatchAt: now }
    case 'detections':
      return { ...counts, detections: more }
    case 'alerts':
      return { ...counts, alerts: more }
    case 'notCounted':
      return { ...counts, notCounted: { ...counts.notCounted, [reason]: more } }
    default:
      return { ...counts, micros: more * MICROS_PER_SECOND }
  }
}

/** Thousands of rules that took next to nothing would fill the store. */
function withoutFast(rules: Map<string, RuleCounts>): ReadonlyMap<string, RuleCounts> {
  const fast = [...rules].sort(([, a], [, b]) => b.micros - a.micros).slice(TIMED_RULES_MAX)
  for (const [rule, counts] of fast) {
    const others = { ...counts, micros: 0 }
    if (isNothing(others)) rules.delete(rule)
    else rules.set(rule, others)
  }
  return rules
}

function isNothing({ matches, detections, alerts, notCounted }: RuleCounts): boolean {
  return matches + detections + alerts === 0 && Object.keys(notCounted).length === 0
}
