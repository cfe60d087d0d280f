// Owns judging a block for a backtest: every event with its identity and time, every match with the
// alert group it counts for, or the window it is a member of. What becomes of them: backtest/.
import { compileCondition } from '../core/compile.ts'
import { type Member, type Membership, memberOf, type StepCheck } from '../core/detection/member.ts'
import type { Event, LookUp } from '../core/event.ts'
import { eventId, type NormalizeContext, normalizeEntry, statedId } from '../core/normalize.ts'
import type { Rule } from '../core/rule.ts'
import type { RuleSet } from '../ruleset.ts'
import { createGroupNames, type GroupNames, type Told } from './backtest-groups.ts'
import { readsAny } from './facts-read.ts'
import { createEntryHash, hashQuickly } from './identity.ts'
import { contextOf, type Judge } from './judge.ts'
import { visitEntries } from './lines.ts'
import type { BacktestAnswer, LineTally, Reading } from './task.ts'

/** What was gathered of a block so far. */
type Gathering = Told & {
  ids: Uint32Array<ArrayBuffer>
  times: Float64Array<ArrayBuffer>
  events: number
  undated: number
  readonly matches: number[]
  readonly members: number[]
  readonly memberIds: string[]
}

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
  const identify = ruleSets.some((ruleSet) => readsAny(ruleSet, ['id']))
  const context = { ...contextOf(reading), identify, lookUp }
  const hashEntry = createEntryHash(reading.hashSeed)
  const names = createGroupNames()
  const members = ruleSets.map((ruleSet, side) => createMembers(ruleSet, side, names))

  const gatherEvent = (entry: unknown, by: NormalizeContext, gathering: Gathering): void => {
    const { event, damage } = normalizeEntry(entry, by)
    if (event === undefined) return
    const place = gathering.events
    makeRoom(gathering)
    const id = identify ? event.id : statedId(event, by)
    if (id === undefined) hashEntry(event.entry, event.contract, gathering.ids, 2 * place)
    else hashQuickly(id, gathering.ids, 2 * place)
    gathering.times[place] = event.time ?? 0
    gathering.events += 1
    if (damage !== undefined) gathering.undated += 1
    for (let side = 0; side < ruleSets.length; side += 1) {
      for (const rule of (ruleSets[side] as RuleSet).match(event)) {
        if (rule.detect === undefined) {
          const { high, low } = names.groupOf({ rule, event }, gathering)
          gathering.matches.push(place, side, high, low)
        } else members[side]?.(rule, { event, place, isDated: damage === undefined, by }, gathering)
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
    members: [],
    memberIds: [],
    groups: [],
    windows: [],
  }
}

/** For one more event. */
function makeRoom(gathering: Gathering): void {
  const { events, ids, times } = gathering
  if (events < times.length) return
  gathering.ids = new Uint32Array(4 * events)
  gathering.ids.set(ids)
  gathering.times = new Float64Array(2 * events)
  gathering.times.set(times)
}

const UNDATED: Membership = { kind: 'none', reason: 'no-time' }

type Matched = {
  readonly event: Event
  readonly place: number
  readonly isDated: boolean
  /** How the event was read. */
  readonly by: NormalizeContext
}

/** Tells what windows of a rule set remember of a match. */
function createMembers(
  ruleSet: RuleSet,
  side: number,
  names: GroupNames,
): (rule: Rule, matched: Matched, gathering: Gathering) => void {
  const stepChecks = new Map<Rule, readonly StepCheck[]>()
  for (const rule of ruleSet.rules) {
    if (rule.detect?.kind !== 'sequence') continue
    const checks = rule.detect.steps.map((step) => compileCondition(step.conditions, ruleSet))
    stepChecks.set(rule, checks)
  }
  return (rule, { event, place, isDated, by }, gathering) => {
    // The time of an entry that states none is made up: nothing follows from when it was.
    const found = isDated ? memberOf(event, rule.detect, stepChecks.get(rule)) : UNDATED
    const { high, low } = names.windowOf({ rule, event }, found, gathering)
    gathering.members.push(place, side, high, low)
    const member = found.kind === 'member' ? found.member : undefined
    addMemory(gathering, member, {
      names,
      idOf: () => event.id || eventId(event, by),
    })
  }
}

/** Three numbers: see `BacktestAnswer.members`. */
function addMemory(
  { members, memberIds }: Gathering,
  member: Member | undefined,
  { names, idOf }: { readonly names: GroupNames; readonly idOf: () => string },
): void {
  if (member?.value !== undefined) {
    const { high, low } = names.valueOf(member.value)
    members.push(high, low, -1)
  } else if (member?.place !== undefined) {
    members.push(member.place.latitude, member.place.longitude, memberIds.push(idOf()))
  } else members.push(member?.steps ?? 0, 0, 0)
}

function answerOf(tally: LineTally, { ids, times, events, ...rest }: Gathering): BacktestAnswer {
  return {
    ...tally,
    undated: rest.undated,
    ids: ids.slice(0, 2 * events),
    times: times.slice(0, events),
    matches: Uint32Array.from(rest.matches),
    groups: rest.groups,
    members: Float64Array.from(rest.members),
    memberIds: rest.memberIds,
    windows: rest.windows,
  }
}
