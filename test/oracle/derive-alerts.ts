// Owns how the derivations of src/core/detection are driven for comparison with the oracle: from all
// members at once, or batch by batch while the mark moves. Everything is kept in lists.
import type { Event } from '../../src/core/event.ts'
import type { DeriveContext, Extent, Reach } from '../../src/core/detection/extent.ts'
import { type Group, type Member, memberOf } from '../../src/core/detection/member.ts'
import { uniteExtents } from '../../src/core/detection/pieces.ts'
import {
  condense,
  derive,
  neighbourhood,
  replaceDetections,
  timersOf,
} from '../../src/core/detection/registry.ts'
import { parseRule, type Rule } from '../../src/core/rule.ts'
import type { Detect } from '../../src/core/rule-detect.ts'
import type { DetectionCase } from './arbitrary-detection.ts'
import { oracle, type OracleInput } from './oracle.ts'

/** The parts of an alert that follow from the set of events. */
export type Found = {
  readonly group: readonly unknown[]
  readonly first: number
  readonly last: number
  readonly count: number
}

/** What the oracle says, in the same shape. */
export function expected(input: OracleInput): readonly Found[] {
  return oracle(input).map(({ group, first, last, count }) => ({ group, first, last, count }))
}

/** The rule as the service reads it; throws when anything is wrong with it. */
export function ruleOf({ rule: written }: Pick<DetectionCase, 'rule'>): Rule {
  const context = { lists: new Map(), schedules: new Map(), sharedNames: new Set<string>() }
  const rule = parseRule(written, context, ({ level, message }) => {
    if (level === 'error') throw new Error(message)
  })
  if (rule === undefined) throw new Error('the rule was not read')
  return rule
}

/** One detection group, and what is known of it. */
type Window = {
  readonly contract: string
  readonly alertGroup: readonly unknown[]
  members: readonly Member[]
  extents: readonly Extent[]
  /** What waits for the mark, by time of the event: set when members come, run once. */
  readonly timers: Map<number, number>
}

/** Alerts by deriving once from all members. */
export function deriveAtOnce(input: OracleInput, detect: Detect | undefined): readonly Found[] {
  const windows = new Map<string, Window>()
  for (const event of input.events) addTo(windows, input, detect, event)
  for (const window of windows.values()) {
    const context = contextOf(input, window, input.mark)
    window.extents = derive(detect, window.members, context)
  }
  return alertsOf(input, [...windows.values()])
}

/**
 * Alerts by deriving around each batch of deliveries and putting that in the place of what was
 * there. Before each batch the mark moves on by a share of its way; what waits for it is derived.
 */
export function deriveStepwise(
  { input, deliveries }: DetectionCase,
  detect: Detect | undefined,
): readonly Found[] {
  const windows = new Map<string, Window>()
  const start = input.mark - 40_000
  for (const [at, batch] of deliveries.entries()) {
    const mark = start + Math.floor(((input.mark - start) * at) / deliveries.length)
    advance(windows, input, detect, mark)
    const touched = new Map<Window, number[]>()
    for (const event of batch) {
      const window = addTo(windows, input, detect, event)
      if (window === undefined) continue
      touched.set(window, [...(touched.get(window) ?? []), event.time ?? 0])
    }
    for (const [window, times] of touched) {
      const added = { from: Math.min(...times), to: Math.max(...times) }
      deriveAround(input, detect, window, { added, mark, isNew: true })
    }
  }
  advance(windows, input, detect, input.mark)
  return alertsOf(input, [...windows.values()])
}

/** Where an event that matches belongs; it is among the members afterwards. */
function addTo(
  windows: Map<string, Window>,
  input: OracleInput,
  detect: Detect | undefined,
  event: Event,
): Window | undefined {
  if (!input.conditions(event)) return undefined
  const membership = memberOf(event, detect, input.steps)
  if (membership.kind === 'none') return undefined
  const { contract = 'unknown' } = event
  const alertGroup = alertGroupOf(input, detect, { event, group: membership.group })
  const key = JSON.stringify([contract, detect === undefined ? alertGroup : membership.group])
  const window = windows.get(key) ?? {
    contract,
    alertGroup,
    members: [],
    extents: [],
    timers: new Map(),
  }
  windows.set(key, window)
  const others = window.members.filter(({ id }) => id !== event.id)
  // A condensed member knows more than the one that comes again.
  const known = window.members.find(({ id }) => id === event.id) ?? membership.member
  window.members = condense(detect, [...others, known])
  return window
}

function alertGroupOf(
  { alert }: OracleInput,
  detect: Detect | undefined,
  { event, group }: { readonly event: Event; readonly group: Group },
): readonly unknown[] {
  const values = alert.groupBy.map((name) =>
    detect === undefined
      ? (event[name as keyof Event] ?? 'unknown')
      : group[detect.groupBy.indexOf(name)],
  )
  return [event.contract, ...values]
}

function contextOf(input: OracleInput, { contract }: Window, markMs: number): DeriveContext {
  const gaps = input.gaps.filter((gap) => gap.contract === contract)
  return { markMs, settleMs: input.settleMs, gaps }
}

/** The mark moves: what is due is derived around its time. */
function advance(
  windows: ReadonlyMap<string, Window>,
  input: OracleInput,
  detect: Detect | undefined,
  mark: number,
): void {
  for (const window of windows.values()) {
    for (const [time, dueAt] of window.timers) {
      if (dueAt > mark) continue
      window.timers.delete(time)
      deriveAround(input, detect, window, { added: { from: time, to: time }, mark })
    }
  }
}

/** Derives around new members or around what is due; new members also set timers. */
function deriveAround(
  input: OracleInput,
  detect: Detect | undefined,
  window: Window,
  { added, mark, isNew = false }: { added: Reach; mark: number; isNew?: boolean },
): void {
  const groupFirst = Math.min(...window.members.map(({ time }) => time))
  const around = neighbourhood(detect, added, groupFirst)
  const { from, to } = around.read
  const near = window.members.filter((one) => (one.until ?? one.time) >= from && one.time <= to)
  const context = { ...contextOf(input, window, mark), groupFirst }
  window.extents = replaceDetections(detect, window.extents, derive(detect, near, context), around)
  if (!isNew) return
  for (const { markMs, time } of timersOf(detect, near, context)) window.timers.set(time, markMs)
}

function alertsOf(input: OracleInput, windows: readonly Window[]): readonly Found[] {
  const groups = new Map<string, Window[]>()
  for (const window of windows) {
    const key = JSON.stringify(window.alertGroup)
    groups.set(key, [...(groups.get(key) ?? []), window])
  }
  return [...groups.keys()].sort().flatMap((key) => {
    const group = JSON.parse(key) as readonly unknown[]
    const extents = (groups.get(key) ?? []).flatMap((window) => window.extents)
    const cuts = input.cuts.filter((cut) => JSON.stringify(cut.group) === key)
    const pieces = uniteExtents(
      extents,
      input.alert.quietMs,
      cuts.map(({ at }) => at),
    )
    return pieces.map(({ first, last, count }) => ({ group, first, last, count }))
  })
}
