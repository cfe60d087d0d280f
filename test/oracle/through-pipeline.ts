// Owns how a case is fed to the service's own pipeline, on any stores: batch by batch while the mark
// moves, with crashes between any two calls of a store. What must come of it: oracle.ts.
import type { Alert } from '../../src/core/alert.ts'
import { applyAction } from '../../src/core/alert-action.ts'
import { isStanding } from '../../src/core/alert-group.ts'
import { createCalendar } from '../../src/core/calendar.ts'
import type { Event } from '../../src/core/event.ts'
import { createMatcher } from '../../src/core/match.ts'
import type { Rule } from '../../src/core/rule.ts'
import { silentLog } from '../../src/observe/log.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import { createPipeline, type Pipeline } from '../../src/pipeline.ts'
import type { RuleSet } from '../../src/ruleset.ts'
import type {
  AlertActionStore,
  AlertStore,
  NumberStore,
  WindowStore,
} from '../../src/state/stores.ts'
import { tellNobody } from '../../src/teller.ts'
import type { Explain } from '../../src/why.ts'
import type { DetectionCase } from './arbitrary-detection.ts'
import { ruleOf } from './derive-alerts.ts'
import { type Cut, oracle, type OracleInput } from './oracle.ts'

export type CaseStores = {
  readonly alerts: AlertStore
  /** What people do; only where they do something. */
  readonly actions?: AlertActionStore
  readonly windows: WindowStore
  readonly numbers: NumberStore
}

/** What must be the same whatever happened on the way. */
export type Outcome = {
  readonly group: readonly unknown[]
  readonly first: number
  readonly last: number
  readonly count: number
  readonly severity: string
}

export function expectedOutcome(input: OracleInput): readonly Outcome[] {
  return oracle(input)
}

/** After these many calls of a store a process dies; the next lives as long as the next number. */
export type Crashes = readonly number[]

/** After a batch somebody resolves one of the alerts that are open then, by its place. */
export type Resolutions = ReadonlyMap<number, number>

/** One for all: what a stack says of it interests nobody, and takes longer than the store. */
const CRASH = new Error('the process died')

/** How the mark moves, instead of by equal steps: before each batch, and how late events may come. */
export type Course = { readonly latenessMs: number; readonly marks: readonly number[] }

export type Happenings = {
  readonly crashes?: Crashes
  readonly resolutions?: Resolutions
  readonly course?: Course
}

/** Longer ago than any case reaches back. */
const MARK_WAY_MS = 40_000

/** Longer than any case lasts. */
const LATENESS_MS = 30 * 86_400_000

const CALENDAR = createCalendar('UTC')
const METRICS = createMetrics()

/** What json-rules-engine says is proven elsewhere, and takes longer than everything here. */
const unexplained: Explain = async () => {
  return { why: { kind: 'all', verdict: true }, exceptions: [], verdict: true }
}

const CONTRACTS = ['1', '2']

/** Most alerts of a case, by far. */
const ALERTS_MAX = 1_000

/** Feeds all deliveries and lets the mark pass; returns the alerts in the order of the oracle. */
export async function throughPipeline(
  one: DetectionCase,
  stores: CaseStores,
  { crashes = [], resolutions = new Map(), course }: Happenings = {},
): Promise<{
  readonly found: readonly Outcome[]
  readonly cuts: readonly Cut[]
  /** Processes that died. */
  readonly crashes: number
}> {
  const cuts: Cut[] = []
  let died = 0
  const { input, deliveries } = one
  const ruleSet = onlyRule(ruleOf(one))
  const start = input.mark - MARK_WAY_MS
  let mark = start
  const lives = [...crashes]
  const live = () =>
    openPipeline({ ruleSet, input, course, mark: () => mark, ...dying(stores, lives) })
  let pipeline = live()
  /** As a queue does: a job whose process died is done again by another. */
  const untilDone = async (job: (pipeline: Pipeline) => Promise<unknown>) => {
    for (;;) {
      try {
        await job(pipeline)
        return
      } catch (error) {
        if (error !== CRASH) throw error
        died += 1
        pipeline = live()
      }
    }
  }
  const advance = async () => {
    for (const contract of CONTRACTS) await untilDone((alive) => alive.advance(contract))
  }
  for (const [at, batch] of deliveries.entries()) {
    mark = course?.marks[at] ?? start + Math.floor((MARK_WAY_MS * at) / deliveries.length)
    await advance()
    for (const [contract, events] of byContract(batch)) {
      const job = { contract, readAt: 0 }
      await untilDone((alive) => alive.evaluateEvents(job, events))
    }
    const place = resolutions.get(at)
    if (place !== undefined) cuts.push(...(await resolveOne(stores, place)))
  }
  mark = input.mark
  await advance()
  return { found: await outcomeOf(stores.alerts), cuts, crashes: died }
}

/** As the service does it; returns where that cuts. */
async function resolveOne({ actions }: CaseStores, place: number): Promise<readonly Cut[]> {
  if (actions === undefined) throw new Error('these stores take no actions')
  const open: Alert[] = []
  for (const contract of CONTRACTS) open.push(...(await actions.open(contract, ALERTS_MAX)))
  const alert = open.sort((a, b) => a.number - b.number)[place % Math.max(1, open.length)]
  if (alert === undefined) return []
  const { contract, last } = alert
  const group = alert.id.slice(0, alert.id.lastIndexOf('-'))
  const signature = { by: 'ann', from: 'cli', at: 0 } as const
  const result = applyAction(alert, { kind: 'resolve', reason: 'manual' }, signature)
  if ('refused' in result) throw new Error(result.message)
  const { version } = await actions.group(contract, group)
  const trail = [{ alertId: alert.id, entry: result.entry }]
  const change = { group, version, alerts: [result.alert], trail, notifications: [] }
  if ((await actions.change(contract, change)) !== 'committed') throw new Error('nobody else acts')
  return [{ group: groupOf(alert), at: last }]
}

function groupOf({ contract, group }: Alert): readonly unknown[] {
  return [contract, ...group.map(({ value }) => value)]
}

function byContract(batch: readonly Event[]): ReadonlyMap<string, readonly Event[]> {
  const contracts = new Map<string, Event[]>()
  for (const event of batch) {
    const { contract = 'unknown' } = event
    contracts.set(contract, [...(contracts.get(contract) ?? []), event])
  }
  return contracts
}

export async function outcomeOf(alerts: AlertStore): Promise<readonly Outcome[]> {
  const found: Alert[] = []
  for (const contract of CONTRACTS) found.push(...(await alerts.latest(contract, ALERTS_MAX)))
  const outcomes = found.filter(isStanding).map((alert): Outcome => {
    const { first, last, count, severity } = alert
    return { group: groupOf(alert), first, last, count, severity }
  })
  const keyOf = ({ group }: Outcome) => JSON.stringify(group)
  return outcomes.sort((a, b) => {
    const [one, other] = [keyOf(a), keyOf(b)]
    return one < other ? -1 : one > other ? 1 : a.first - b.first
  })
}

/** The same stores, of a process that dies at a call: before it or after it, in turns. */
function dying({ alerts, windows, numbers }: CaseStores, lives: number[]): CaseStores {
  let left = lives.shift()
  const isDoneFirst = (left ?? 0) % 2 === 1
  const call = async <T>(run: () => Promise<T>): Promise<T> => {
    if (left === undefined) return run()
    left -= 1
    if (left >= 0) return run()
    if (isDoneFirst) await run()
    throw CRASH
  }
  return {
    alerts: {
      ...alerts,
      read: (...asked) => call(() => alerts.read(...asked)),
      commit: (...asked) => call(() => alerts.commit(...asked)),
    },
    windows: {
      nextDue: (...asked) => call(() => windows.nextDue(...asked)),
      newest: (...asked) => call(() => windows.newest(...asked)),
      ask: (...asked) => call(() => windows.ask(...asked)),
      due: (...asked) => call(() => windows.due(...asked)),
      finishDue: (...asked) => call(() => windows.finishDue(...asked)),
    },
    numbers: { ...numbers, take: (count) => call(() => numbers.take(count)) },
  }
}

function openPipeline({
  ruleSet,
  input,
  course,
  mark,
  ...stores
}: CaseStores & {
  readonly course: Course | undefined
  readonly ruleSet: RuleSet
  readonly input: OracleInput
  readonly mark: () => number
}): Pipeline {
  const rules = { ruleSet, explain: unexplained }
  return createPipeline({
    ...stores,
    rules: () => rules,
    calendar: CALENDAR,
    marks: {
      evaluated: async () => mark(),
      gaps: async (contract, span) =>
        input.gaps
          .filter((gap) => gap.contract === contract && gap.to > span.from && gap.from < span.to)
          .map((gap) => ({ ...gap, reason: 'unproven' as const, foundAt: 0 })),
    },
    detection: {
      latenessMs: course?.latenessMs ?? LATENESS_MS,
      settleMs: input.settleMs,
      membersMax: 10_000,
    },
    contracts: { add: async () => {}, list: async () => CONTRACTS },
    teller: tellNobody,
    announce: () => {},
    // No event of a case is ahead of it.
    clock: { now: () => input.mark + 86_400_000, sleep: async () => {} },
    metrics: METRICS,
    log: silentLog,
  })
}

function onlyRule(rule: Rule): RuleSet {
  const named = {
    lists: new Map(),
    schedules: new Map(),
    conditions: new Map(),
    shared: new Map(),
  }
  const matcher = createMatcher([rule], named)
  return {
    version: 'random',
    rules: [rule],
    all: [rule],
    ...named,
    match: (event) => matcher.match(event),
    matcher,
    fileOf: () => '',
  }
}
