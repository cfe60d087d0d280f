// THE LINE: normalise and enrich → match → group or window → alert → decide → outbox, for one batch
// of entries. Owns the order of these steps; each step's knowledge lives in core/ and state/.
import type { Alert, Notification } from './core/alert.ts'
import type { Calendar } from './core/calendar.ts'
import type { Clock } from './core/clock.ts'
import type { Event, LookUp } from './core/event.ts'
import { type Damage, type NormalizeContext, normalizeEntry } from './core/normalize.ts'
import type { Rule } from './core/rule.ts'
import { groupDetections, type Match } from './detect.ts'
import {
  createRuleWindows,
  gatherWindows,
  type RuleWindows,
  type SkipReason,
} from './detect-windows.ts'
import type { Log } from './observe/log.ts'
import type { Metrics } from './observe/metrics.ts'
import { raiseAlerts, type Raised } from './raise.ts'
import { raiseDue } from './raise/due.ts'
import { AHEAD_MS_MAX, type DetectionSettings, timeOf } from './raise/detection-time.ts'
import { raiseWindows } from './raise/windows.ts'
import type { RuleSet } from './ruleset.ts'
import type {
  AlertActionStore,
  AlertStore,
  ContractStore,
  MarkStore,
  NumberStore,
  WindowStore,
} from './state/stores.ts'
import type { Teller } from './teller.ts'
import type { Explain } from './why.ts'

/** Entries of one contract, as they were read. */
export type Batch = {
  readonly contract: string
  /** When they were read, ms: the time of entries that tell none. */
  readonly readAt: number
  readonly entries: readonly unknown[]
}

/** What became of each entry, in the order of the batch. */
export type EntryResult = {
  readonly event: Event | undefined
  readonly damage: Damage | undefined
  readonly rules: readonly Rule[]
}

export type BatchResult = {
  /** Of the rules that judged it. */
  readonly ruleSetVersion: string
  readonly entries: readonly EntryResult[]
  /** Alerts that changed, as stored. */
  readonly alerts: readonly Alert[]
  readonly notifications: readonly Notification[]
}

export type Pipeline = {
  /** Safe to repeat: events that were counted are not counted again. Throws when a store does. */
  evaluate(batch: Batch): Promise<BatchResult>
  /** The same from normalised events on, for the tests inside rules. */
  evaluateEvents(batch: Omit<Batch, 'entries'>, events: readonly Event[]): Promise<BatchResult>
  /** Looks at windows of a contract that waited for the evaluated mark. Safe to repeat. */
  advance(contract: string): Promise<Raised>
}

export type PipelineParts = {
  /** The rules of this moment: a reload swaps them between batches. */
  readonly rules: () => { readonly ruleSet: RuleSet; readonly explain: Explain }
  readonly calendar: Calendar
  /** What is known of an address; without it events don't tell where theirs lies. */
  readonly lookUp?: LookUp | undefined
  readonly alerts: AlertStore
  readonly windows: WindowStore
  readonly marks: MarkStore
  readonly numbers: NumberStore
  readonly contracts: ContractStore
  readonly detection: DetectionSettings
  /** Decides who is told of an alert. */
  readonly teller: Teller
  /** Where alerts of absences end; absent where nobody acts on alerts. */
  readonly actions?: AlertActionStore
  /** Told when a batch has an entry from a clock that is wrong; absent where nobody asks. */
  readonly sayAhead?: (contract: string, timeMs: number) => Promise<void>
  /** Told when notifications wait in a contract's outbox. */
  readonly announce: (contract: string) => void
  /** Gets every batch that was judged, to keep some of it for people to look at. */
  readonly record?: (batch: Batch, entries: readonly EntryResult[]) => void
  readonly clock: Clock
  readonly metrics: Metrics
  readonly log: Log
}

export function createPipeline(parts: PipelineParts): Pipeline {
  const known = new Set<string>()

  /** An evaluator that recovers after a crash must know of the contract before it has alerts. */
  const remember = async (contract: string) => {
    if (known.has(contract)) return
    await parts.contracts.add(contract)
    known.add(contract)
  }

  const liveFroms = new Map<string, number>()

  /** Said once, before the first entry of a contract is read: then it need not be asked again. */
  const liveFrom = async (contract: string): Promise<number | undefined> => {
    const known = liveFroms.get(contract)
    if (known !== undefined) return known
    const found = await parts.detection.liveFrom?.(contract)
    if (found !== undefined) liveFroms.set(contract, found)
    return found
  }

  const windowsOf = new WeakMap<RuleSet, RuleWindows>()
  const windowsFor = (ruleSet: RuleSet): RuleWindows => {
    const known = windowsOf.get(ruleSet) ?? createRuleWindows(ruleSet)
    windowsOf.set(ruleSet, known)
    return known
  }

  /** A label costs more than a match: they are counted once for each batch. */
  const skipped = (found: ReadonlyMap<Rule, ReadonlyMap<SkipReason, number>>) => {
    for (const [{ id }, reasons] of found) {
      for (const [reason, times] of reasons) {
        parts.metrics.errors.inc({ stage: 'detect', reason }, times)
        parts.metrics.notCounted.inc({ rule: id, reason }, times)
      }
    }
  }

  const follow = async (
    batch: Omit<Batch, 'entries'>,
    entries: readonly EntryResult[],
    { ruleSet, explain }: ReturnType<PipelineParts['rules']>,
  ): Promise<BatchResult> => {
    const { contract } = batch
    const matches = entries.flatMap(matchesOf)
    const groups = groupDetections(contract, matches.filter(isAlone))
    const rest = matches.filter((match) => !isAlone(match))
    if (matches.length > 0) await remember(contract)
    const raiseParts = { ...parts, explain, liveFromMs: await liveFrom(contract) }
    const alone =
      groups.length === 0 ? NOTHING : await raiseAlerts(groups, ruleSet.version, raiseParts)
    const together = rest.length === 0 ? NOTHING : await overTime(rest)
    await tellAhead(contract, entries, parts)
    count(batch, entries, matches, parts)
    const notifications = [...alone.notifications, ...together.notifications]
    if (notifications.length > 0) parts.announce(contract)
    return {
      ruleSetVersion: ruleSet.version,
      entries,
      alerts: [...alone.alerts, ...together.alerts],
      notifications,
    }

    async function overTime(found: readonly Match[]): Promise<Raised> {
      const { time, limits } = await timeOf(contract, parts, found)
      const { windows, skips } = gatherWindows(contract, found, windowsFor(ruleSet), limits)
      skipped(skips)
      return windows.length === 0
        ? NOTHING
        : await raiseWindows(windows, ruleSet.version, time, raiseParts)
    }
  }

  return {
    async evaluate(batch) {
      const rules = parts.rules()
      const { calendar, lookUp } = parts
      const { contract, readAt } = batch
      const context = { contract, readTimeMs: readAt, calendar, lookUp }
      const entries = batch.entries.map((entry) => judge(entry, context, rules.ruleSet))
      const result = await follow(batch, entries, rules)
      parts.record?.(batch, entries)
      return result
    },

    async evaluateEvents(batch, events) {
      const rules = parts.rules()
      const entries = events.map((event) => ({
        event,
        damage: undefined,
        rules: rules.ruleSet.match(event),
      }))
      return follow(batch, entries, rules)
    },

    async advance(contract) {
      const { ruleSet, explain } = parts.rules()
      const liveFromMs = await liveFrom(contract)
      const raised = await raiseDue(contract, ruleSet, windowsFor(ruleSet), {
        ...parts,
        explain,
        liveFromMs,
      })
      if (raised.notifications.length > 0) parts.announce(contract)
      return raised
    },
  }
}

const NOTHING: Raised = { alerts: [], notifications: [] }

/** Whether each match of a rule is a detection by itself. */
function isAlone({ rule }: Match): boolean {
  return rule.detect === undefined
}

/** Normalises one entry and finds the rules that hold for it. Never throws for what it holds. */
function judge(entry: unknown, context: NormalizeContext, ruleSet: RuleSet): EntryResult {
  const { event, damage } = normalizeEntry(entry, context)
  return { event, damage, rules: event === undefined ? [] : ruleSet.match(event) }
}

function matchesOf({ event, rules }: EntryResult): Match[] {
  if (event === undefined || rules.length === 0) return []
  return rules.map((rule) => ({ rule, event }))
}

/** Before the batch is done: it is repeated when telling fails. */
async function tellAhead(
  contract: string,
  entries: readonly EntryResult[],
  { sayAhead, clock }: PipelineParts,
): Promise<void> {
  if (sayAhead === undefined) return
  const latest = entries.reduce((most, { event }) => Math.max(most, event?.time ?? 0), 0)
  if (latest > clock.now() + AHEAD_MS_MAX) await sayAhead(contract, latest)
}

function count(
  batch: Omit<Batch, 'entries'>,
  entries: readonly EntryResult[],
  matches: readonly Match[],
  { metrics, clock, log }: PipelineParts,
): void {
  metrics.eventsEvaluated.inc(entries.length)
  const times = new Map<string, number>()
  for (const { rule } of matches) times.set(rule.id, (times.get(rule.id) ?? 0) + 1)
  for (const [rule, found] of times) metrics.matches.inc({ rule }, found)
  metrics.detectSeconds.observe(Math.max(0, clock.now() - batch.readAt) / 1_000)
  if (!log.isLevelEnabled('debug')) return
  const ids = entries.flatMap(({ event }) => (event === undefined ? [] : [event.id]))
  log.debug({ contract: batch.contract, ids }, 'evaluated')
}
