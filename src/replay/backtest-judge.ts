// Owns judging a block for a backtest: every event with its identity and time, every match with the
// alert group it counts for, or the window it is a member of. What becomes of them: backtest/.
import type { Event, LookUp } from '../core/event.ts'
import { eventId, type NormalizeContext, normalizeEntry, statedId } from '../core/normalize.ts'
import type { Rule } from '../core/rule.ts'
import type { RuleSet } from '../ruleset.ts'
import { createKnown, createRuleNames, type RuleNames, type Told } from './backtest-groups.ts'
import { createRemember, createSteps, type Memory, type Remember } from './backtest-members.ts'
import { readsAny } from './facts-read.ts'
import { createGroupings, createValuings } from './groupings.ts'
import { createEntryHash, hashQuickly } from './identity.ts'
import { contextOf, type Judge } from './judge.ts'
import { visitEntries } from './lines.ts'
import {
  type BacktestAnswer,
  type Hash,
  type LineTally,
  MEMBER_WORDS,
  type Reading,
} from './task.ts'

/** What was gathered of a block so far. */
type Gathering = Told & {
  ids: Uint32Array<ArrayBuffer>
  times: Float64Array<ArrayBuffer>
  events: number
  undated: number
  readonly matches: number[]
  members: Float64Array<ArrayBuffer>
  membersEnd: number
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
  const recorders = createRecorders(ruleSets, reading.hashSeed)

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
    const matched = { event, place, isDated: damage === undefined, by }
    for (let side = 0; side < ruleSets.length; side += 1) {
      for (const rule of (ruleSets[side] as RuleSet).match(event)) {
        recorders[side]?.get(rule)?.(matched, gathering)
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
    members: new Float64Array(MEMBER_WORDS * EVENTS_AT_FIRST),
    membersEnd: 0,
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

type Matched = {
  readonly event: Event
  readonly place: number
  readonly isDated: boolean
  /** How the event was read. */
  readonly by: NormalizeContext
}

type Recorder = (matched: Matched, gathering: Gathering) => void

/** What a match of each rule adds to the answer. */
function createRecorders(
  ruleSets: readonly RuleSet[],
  hashSeed: number,
): readonly ReadonlyMap<Rule, Recorder>[] {
  const known = createKnown()
  const groupingOf = createGroupings()
  const valuingOf = createValuings(hashSeed)
  return ruleSets.map((ruleSet, side) => {
    const steps = createSteps(ruleSet)
    return new Map(
      ruleSet.rules.map((rule) => {
        const names = createRuleNames({ rule, groupingOf, known })
        const { detect } = rule
        const recorder =
          detect === undefined
            ? recordMatch(side, names)
            : recordMember(side, names, createRemember(detect, steps, valuingOf))
        return [rule, recorder]
      }),
    )
  })
}

function recordMatch(side: number, names: RuleNames): Recorder {
  return ({ event, place }, gathering) => {
    const { high, low } = names.groupOf(event, gathering)
    gathering.matches.push(place, side, high >>> 0, low >>> 0)
  }
}

function recordMember(side: number, names: RuleNames, remember: Remember): Recorder {
  const memory: Memory = { a: 0, b: 0, c: 0 }
  return ({ event, place, isDated, by }, gathering) => {
    // The time of an entry that states none is made up: nothing follows from when it was.
    const window = isDated ? names.windowOf(event, gathering) : undefined
    const lack = window === undefined ? 'value' : remember(event, memory)
    if (window === undefined || lack !== undefined) {
      const none = names.noWindowOf(event, lack === 'value', gathering)
      addMember(gathering, { place, side, window: none, memory: NO_MEMORY })
      return
    }
    if (memory.c > 0) memory.c = gathering.memberIds.push(event.id || eventId(event, by))
    addMember(gathering, { place, side, window, memory })
  }
}

const NO_MEMORY: Memory = { a: 0, b: 0, c: 0 }

/** See `BacktestAnswer.members`. */
function addMember(gathering: Gathering, { place, side, window, memory }: NewMember): void {
  const end = gathering.membersEnd
  if (end === gathering.members.length) {
    const larger = new Float64Array(2 * end)
    larger.set(gathering.members)
    gathering.members = larger
  }
  const { members } = gathering
  members[end] = place
  members[end + 1] = side
  members[end + 2] = window.high >>> 0
  members[end + 3] = window.low >>> 0
  members[end + 4] = memory.a
  members[end + 5] = memory.b
  members[end + 6] = memory.c
  gathering.membersEnd = end + MEMBER_WORDS
}

type NewMember = {
  readonly place: number
  readonly side: number
  readonly window: Hash
  readonly memory: Memory
}

function answerOf(tally: LineTally, { ids, times, events, ...rest }: Gathering): BacktestAnswer {
  return {
    ...tally,
    undated: rest.undated,
    ids: ids.slice(0, 2 * events),
    times: times.slice(0, events),
    matches: Uint32Array.from(rest.matches),
    groups: rest.groups,
    members: rest.members.slice(0, rest.membersEnd),
    memberIds: rest.memberIds,
    windows: rest.windows,
  }
}
