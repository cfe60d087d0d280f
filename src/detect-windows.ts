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
  /** The events of the members, by id. */
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

/** Gathers matches by window; an event repeated in the batch is one member. */
export function gatherWindows(
  contract: string,
  matches: readonly Match[],
  windowOf: RuleWindows,
  { limits, skip }: { limits: TimeLimits; skip: (rule: string, reason: SkipReason) => void },
): readonly WindowBatch[] {
  const batches = new Map<string, WindowBatch & { members: Member[]; events: Map<string, Event> }>()
  for (const { rule, event } of matches) {
    const kind = windowOf(rule)
    const membership = kind.memberOf(event)
    const reason =
      membership.kind === 'none' ? membership.reason : outside(membership.member, limits)
    if (membership.kind === 'none' || reason !== undefined) {
      skip(rule.id, reason ?? 'no-time')
      continue
    }
    const { group: values, member } = membership
    const { window, group } = kind.keysOf(contract, values)
    const found = batches.get(window)
    if (found?.events.has(member.id)) continue
    const card = kind.cards.write(event)
    const shown = card === undefined ? member : { ...member, card }
    if (found === undefined) {
      const added = { from: member.time, to: member.time }
      const [members, events] = [[shown], new Map([[event.id, event]])]
      batches.set(window, { contract, kind, window, group, values, members, events, added })
    } else {
      found.members.push(shown)
      found.events.set(event.id, event)
    }
  }
  return [...batches.values()].map((batch) => ({ ...batch, added: reachOf(batch.members) }))
}

function outside({ time }: Member, { fromMs, toMs }: TimeLimits): 'late' | 'clock' | undefined {
  if (time > toMs) return 'clock'
  return time < fromMs ? 'late' : undefined
}

function reachOf(members: readonly Member[]): { from: number; to: number } {
  let [from, to] = [Infinity, -Infinity]
  for (const { time } of members) {
    if (time < from) from = time
    if (time > to) to = time
  }
  return { from, to }
}
