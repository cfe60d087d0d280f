// Owns the step from matches to windows: which members of which window a batch brings. Rules without
// `detect`: detect.ts; what the stores are asked then: raise/.
import type { CompileContext } from './core/compile.ts'
import type { Group, Member } from './core/detection/member.ts'
import { createRuleWindow, type RuleWindow } from './core/detection/rule-window.ts'
import type { Event } from './core/event.ts'
import type { Rule } from './core/rule.ts'
import type { Match } from './detect.ts'

/** What a batch brings to one window, or what is due there. */
export type WindowBatch = {
  readonly contract: string
  readonly kind: RuleWindow
  /** Key of the window. */
  readonly window: string
  /** Key of the alert group that its detections belong to. */
  readonly group: string
  readonly values: Group
  readonly members: readonly Member[]
  /** The events of the batch, by id, those of the members among them. */
  readonly events: ReadonlyMap<string, Event>
  /** Times of the first and the last member, or of what is due. */
  readonly added: { readonly from: number; readonly to: number }
}

/** Why a match is in no window; also the label of the metric. */
export type SkipReason =
  | 'no-time'
  | 'no-group'
  | 'no-value'
  | 'no-place'
  | 'no-step'
  | 'late'
  | 'clock'

/** Which event times windows take. */
export type TimeLimits = {
  /** Earlier ones are late: what they could change is sealed. */
  readonly fromMs: number
  /** Later ones come from a clock that is wrong. */
  readonly toMs: number
}

export type RuleWindows = (rule: Rule) => RuleWindow

/** The windows of rules, each made once; a new rule set makes new ones. */
export function createRuleWindows(context: CompileContext): RuleWindows {
  const known = new WeakMap<Rule, RuleWindow>()
  return (rule) => {
    const found = known.get(rule)
    if (found !== undefined) return found
    const made = createRuleWindow(rule, context)
    known.set(rule, made)
    return made
  }
}

type Skips = ReadonlyMap<Rule, ReadonlyMap<SkipReason, number>>

/**
 * Gathers matches by window; an event repeated in the batch is one member. Also how many matches of
 * which rule are in none.
 */
export function gatherWindows(
  contract: string,
  matches: readonly Match[],
  windowOf: RuleWindows,
  limits: TimeLimits,
): { readonly windows: readonly WindowBatch[]; readonly skips: Skips } {
  const batches = new Map<string, OpenBatch>()
  const events = new Map<string, Event>()
  const skips = new Map<Rule, Map<SkipReason, number>>()
  for (const { rule, event } of matches) {
    const kind = windowOf(rule)
    const membership = kind.memberOf(event)
    const reason =
      membership.kind === 'none' ? membership.reason : outside(membership.member, limits)
    if (membership.kind === 'none' || reason !== undefined) {
      countSkip(skips, rule, reason ?? 'no-time')
      continue
    }
    const { group: values, member } = membership
    const { window, group } = kind.keysOf(contract, values)
    const found = batches.get(window)
    if (found !== undefined && isIn(found, member)) continue
    events.set(event.id, event)
    const card = kind.cards.write(event)
    const shown = card === undefined ? member : { ...member, card }
    const { time } = member
    if (found === undefined) {
      const added = { from: time, to: time }
      const members = [shown]
      batches.set(window, { contract, kind, window, group, values, members, events, added })
    } else {
      found.members.push(shown)
      found.ids?.add(member.id)
      found.added.from = Math.min(found.added.from, time)
      found.added.to = Math.max(found.added.to, time)
    }
  }
  return { windows: [...batches.values()], skips }
}

type OpenBatch = WindowBatch & {
  readonly members: Member[]
  /** Of the members; made when a second one comes, as most windows have one. */
  ids?: Set<string>
  readonly added: { from: number; to: number }
}

function isIn(batch: OpenBatch, { id }: Member): boolean {
  batch.ids ??= new Set(batch.members.map((member) => member.id))
  return batch.ids.has(id)
}

function countSkip(skips: Map<Rule, Map<SkipReason, number>>, rule: Rule, reason: SkipReason) {
  const reasons = skips.get(rule) ?? new Map<SkipReason, number>()
  skips.set(rule, reasons.set(reason, (reasons.get(reason) ?? 0) + 1))
}

function outside({ time }: Member, { fromMs, toMs }: TimeLimits): 'late' | 'clock' | undefined {
  if (time > toMs) return 'clock'
  return time < fromMs ? 'late' : undefined
}
