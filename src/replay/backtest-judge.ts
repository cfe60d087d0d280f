// Owns judging a block for a backtest: every event with its identity and time, and every match with
// the alert group it counts for. What becomes of them: backtest/.
import { canonicalJson } from '../core/canonical-json.ts'
import type { Event, LookUp } from '../core/event.ts'
import { factValue, valueText } from '../core/fact-value.ts'
import { type NormalizeContext, normalizeEntry } from '../core/normalize.ts'
import type { Rule } from '../core/rule.ts'
import type { RuleSet } from '../ruleset.ts'
import { hashQuickly, hashStrongly } from './identity.ts'
import { contextOf, type Judge } from './judge.ts'
import { visitEntries } from './lines.ts'
import type { BacktestAnswer, GroupText, LineTally, Reading } from './task.ts'

/** What was gathered of a block so far. */
type Gathering = {
  ids: Uint32Array<ArrayBuffer>
  times: Float64Array<ArrayBuffer>
  events: number
  undated: number
  readonly matches: number[]
  readonly groups: GroupText[]
}

/** Groups whose hash a thread remembers; what it forgets it works out and tells again. */
const GROUPS_KNOWN_MAX = 20_000

/** Longer keys are not remembered: their text would take more memory than their hash takes time. */
const KEY_LENGTH_MAX = 1_000

/** Events of a block that room is made for at first: it doubles. */
const EVENTS_AT_FIRST = 1_024

export type BacktestJudge = Judge<BacktestAnswer> & {
  /** The same for entries that were not read from a file. */
  judgeEntries(entries: readonly unknown[], contract: string): BacktestAnswer
}

/**
 * Judges by every rule set: the first is asked about, a second is what it is compared with. Without
 * `lookUp` addresses lie nowhere.
 */
export function createBacktestJudge(
  ruleSets: readonly RuleSet[],
  reading: Reading,
  lookUp?: LookUp,
): BacktestJudge {
  const context = { ...contextOf(reading), lookUp }
  const groupOf = createGroups()

  const gatherEvent = (entry: unknown, by: NormalizeContext, gathering: Gathering): void => {
    const { event, damage } = normalizeEntry(entry, by)
    if (event === undefined) return
    const place = gathering.events
    addEvent(gathering, event)
    if (damage !== undefined) gathering.undated += 1
    for (let side = 0; side < ruleSets.length; side += 1) {
      for (const rule of (ruleSets[side] as RuleSet).match(event)) {
        const { high, low } = groupOf(rule, event, gathering.groups)
        gathering.matches.push(place, side, high, low)
      }
    }
  }

  return {
    judge(block) {
      const gathering = startGathering()
      const tally = visitEntries(block, (entry) => gatherEvent(entry, context, gathering))
      return answerOf(tally, gathering)
    },
    judgeEntries(entries, contract) {
      const gathering = startGathering()
      for (const entry of entries) gatherEvent(entry, { ...context, contract }, gathering)
      return answerOf({ entries: entries.length, badCount: 0, bad: [] }, gathering)
    },
  }
}

function startGathering(): Gathering {
  return {
    ids: new Uint32Array(2 * EVENTS_AT_FIRST),
    times: new Float64Array(EVENTS_AT_FIRST),
    events: 0,
    undated: 0,
    matches: [],
    groups: [],
  }
}

function addEvent(gathering: Gathering, { id, time }: Event): void {
  const { events } = gathering
  if (events === gathering.times.length) {
    const { ids, times } = gathering
    gathering.ids = new Uint32Array(4 * events)
    gathering.ids.set(ids)
    gathering.times = new Float64Array(2 * events)
    gathering.times.set(times)
  }
  hashQuickly(id, gathering.ids, 2 * events)
  gathering.times[events] = time ?? 0
  gathering.events = events + 1
}

function answerOf(tally: LineTally, { ids, times, events, ...rest }: Gathering): BacktestAnswer {
  return {
    ...tally,
    undated: rest.undated,
    ids: ids.slice(0, 2 * events),
    times: times.slice(0, events),
    matches: Uint32Array.from(rest.matches),
    groups: rest.groups,
  }
}

type GroupHash = { readonly high: number; readonly low: number }

/** The group of a match by its hash; one that was not met before is added to `told`. */
function createGroups(): (rule: Rule, event: Event, told: GroupText[]) => GroupHash {
  const known = new Map<string, GroupHash>()
  return (rule, event, told) => {
    const contract = event.contract ?? ''
    const { groupBy } = rule.alert
    const found = groupBy.map((name) => factValue(event, name) ?? 'unknown')
    const key = canonicalJson([contract, rule.id, groupBy, found])
    const before = known.get(key)
    if (before !== undefined) return before
    const hash = hashStrongly(key)
    if (known.size === GROUPS_KNOWN_MAX) known.clear()
    if (key.length <= KEY_LENGTH_MAX) known.set(key, hash)
    const values = groupBy.map((name, at) => [name, shownValue(found[at])] as const)
    told.push({ ...hash, rule: rule.id, contract, values })
    return hash
  }
}

/** Numbers and truth values stay what they are; anything else is told as alerts show it. */
function shownValue(value: unknown): string | number | boolean {
  if (typeof value === 'boolean') return value
  return typeof value === 'number' && Number.isFinite(value) ? value : valueText(value)
}
