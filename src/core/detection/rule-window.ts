// Owns what a rule with `detect` asks of its windows: which facts go in, under which keys, how far to
// read, what to forget. Made once for each rule; pure. Asking stores: raise/.
import { hash } from 'node:crypto'
import { canonicalJson } from '../canonical-json.ts'
import { type CompileContext, compileCondition } from '../compile.ts'
import type { Event } from '../event.ts'
import type { Rule } from '../rule.ts'
import type { Detect } from '../rule-detect.ts'
import { type Cards, createCards } from './card.ts'
import type { Reach } from './extent.ts'
import { type Group, type Member, memberOf, type Membership } from './member.ts'
import { detectionKey, neighbourhood, type Neighbourhood, reachMs } from './registry.ts'
import { planOf } from './sequence-plan.ts'
import { EARLIER_SPANS_MIN } from './spike.ts'

/** `events`: by time. `sessions`: sightings of each value. `spans`: events and their number per span. */
export type Shape = 'events' | 'sessions' | 'spans'

export type RuleWindow = {
  readonly rule: Rule
  readonly detect: Detect
  readonly cards: Cards
  readonly shape: Shape
  /** Of `sessions`: gap within one; of `spans`: length of one; ms. */
  readonly unitMs: number
  /** With fewer events around there is no detection. */
  readonly needed: number
  /** Events without which there is no detection; absent: of no kind. */
  readonly rare?: Rare | undefined
  /** So long after the first event of a group there is no detection, ms; 0 where that is not so. */
  readonly sinceMs: number
  /** Which new events can take a detection back: none, those before a known one, or any. */
  readonly withdraws: 'never' | 'behind' | 'always'
  /** How far events can matter to each other, ms. */
  readonly reachMs: number
  /** Remembered for longer than its reach: sessions and first events. */
  readonly isMemory: boolean
  memberOf(event: Event): Membership
  /** Keys of a group's window and of the alert group that its detections belong to. */
  keysOf(contract: string, group: Group): WindowKeys
  /** Values of `alert.groupBy`, in its order. */
  alertGroupOf(contract: string, group: Group): Group
  around(added: Reach, groupFirst: number): Neighbourhood
  /** The mark at which members may become a detection by what did not follow; absent: never. */
  wakeAt(members: readonly Member[], settleMs: number): number | undefined
  /** Whether nothing around what was added can be a detection before silence is believed longer. */
  isTooSoon(added: Reach, believedMs: number): boolean
}

/**
 * Most events of a window are of one kind: of one place, or of a step that happens all the time.
 * Without `needed` others around there is no detection, and nothing has to be read.
 */
export type Rare = {
  readonly needed: number
  /** What most are; '?': what the first one is. */
  readonly home: string
  /** What a member is; '': nothing that matters. */
  whatIs(member: Member): string
}

export type WindowKeys = { readonly window: string; readonly group: string }

/** Hexadecimal characters of a key: 80 bits, no two of a contract's windows collide. */
const KEY_DIGITS = 20

/** The rule must have `detect`; the context is that of its rule set. */
export function createRuleWindow(rule: Rule, context: CompileContext): RuleWindow {
  const { detect } = rule
  if (detect === undefined) throw new Error(`${rule.id} has no window`)
  const steps = detect.kind === 'sequence' ? detect.steps : []
  const checks = steps.map(({ conditions }) => compileCondition(conditions, context))
  const cards = createCards(rule.alert, detect)
  const { groupBy } = rule.alert
  const alertGroupOf = (contract: string, group: Group): Group =>
    groupBy.map((name) => {
      const at = detect.groupBy.indexOf(name)
      return at >= 0 ? (group[at] ?? 'unknown') : contract
    })
  return {
    rule,
    detect,
    cards,
    shape: shapeOf(detect),
    unitMs: unitOf(detect),
    needed: neededOf(detect),
    rare: rareOf(detect),
    sinceMs: sinceOf(detect),
    withdraws: withdrawsOf(detect),
    reachMs: reachMs(detect),
    isMemory: detect.kind === 'firstSeen' || detect.kind === 'spike',
    memberOf: (event) => memberOf(event, detect, checks),
    keysOf: createKeys(rule, detect, alertGroupOf),
    alertGroupOf,
    around: (added, groupFirst) => neighbourhood(detect, added, groupFirst),
    wakeAt: createWakeAt(detect),
    isTooSoon: createTooSoon(detect),
  }
}

/** Where alerts are grouped as windows are, one hash gives both keys: it is made for every match. */
function createKeys(
  { id, alert }: Rule,
  detect: Detect,
  alertGroupOf: RuleWindow['alertGroupOf'],
): RuleWindow['keysOf'] {
  const identity = detectionKey(detect)
  const windows = hash('sha256', canonicalJson([id, 'window', identity]), 'hex')
  const groups = hash('sha256', canonicalJson([id, 'group', identity, alert.groupBy]), 'hex')
  const isSame = canonicalJson(alert.groupBy) === canonicalJson(detect.groupBy)
  return (contract, group) => {
    const digest = digestOf(windows, contract, group)
    const window = digest.slice(0, KEY_DIGITS)
    return isSame
      ? { window, group: digest.slice(KEY_DIGITS, 2 * KEY_DIGITS) }
      : {
          window,
          group: digestOf(groups, contract, alertGroupOf(contract, group)).slice(0, KEY_DIGITS),
        }
  }
}

function digestOf(prefix: string, contract: string, group: Group): string {
  return hash('sha256', `${prefix}${JSON.stringify([contract, group])}`, 'hex')
}

/** The first event begins what must be learned; a spike needs spans between it and the first. */
function sinceOf(detect: Detect): number {
  if (detect.kind === 'firstSeen') return detect.learnMs
  return detect.kind === 'spike' ? (EARLIER_SPANS_MIN - 1) * detect.withinMs : 0
}

/** More events only add to a threshold and to a chain of steps that happened. */
function withdrawsOf(detect: Detect): RuleWindow['withdraws'] {
  switch (detect.kind) {
    case 'threshold':
      return 'never'
    case 'sequence':
      return detect.steps.some(({ absent }) => absent) ? 'always' : 'never'
    case 'absence':
      return 'always'
    case 'firstSeen':
    case 'spike':
    case 'travel':
      return 'behind'
  }
}

/** What ends with silence: a chain begins at most `within` before what was added, a silence with it. */
function createTooSoon(detect: Detect): RuleWindow['isTooSoon'] {
  if (detect.kind === 'absence')
    return ({ from }, believedMs) => from + detect.withinMs > believedMs
  const isPatient = detect.kind === 'sequence' && detect.steps.at(-1)?.absent === true
  return isPatient ? ({ from }, believedMs) => from > believedMs : () => false
}

function shapeOf({ kind }: Detect): Shape {
  if (kind === 'firstSeen') return 'sessions'
  return kind === 'spike' ? 'spans' : 'events'
}

function unitOf(detect: Detect): number {
  if (detect.kind === 'firstSeen') return detect.historyMs
  return detect.kind === 'spike' ? detect.withinMs : 1
}

function neededOf(detect: Detect): number {
  switch (detect.kind) {
    case 'threshold':
      return detect.count
    case 'sequence':
      return planOf(detect).slots
    case 'spike':
      return detect.min
    case 'travel':
      return 2
    default:
      return 1
  }
}

/** Two places make a journey; a chain begins with its first step. */
function rareOf(detect: Detect): Rare | undefined {
  if (detect.kind === 'travel') {
    const whatIs = ({ place }: Member) =>
      place === undefined ? '' : `${place.latitude},${place.longitude}`
    return { needed: 1, home: '?', whatIs }
  }
  if (detect.kind !== 'sequence') return undefined
  const [first] = planOf(detect).steps
  if (first === undefined) return undefined
  const whatIs = ({ steps = 0 }: Member) => ((steps & first.bit) === 0 ? 'other' : 'first')
  return { needed: first.end - first.start, home: 'other', whatIs }
}

/** Every event may be followed by silence; of a sequence, only those that can begin a chain. */
function createWakeAt(detect: Detect): RuleWindow['wakeAt'] {
  const isAbsence = detect.kind === 'absence'
  const isPatient = detect.kind === 'sequence' && detect.steps.at(-1)?.absent === true
  if (!isAbsence && !isPatient) return () => undefined
  const { withinMs } = detect
  return (members, settleMs) => {
    const first = members.reduce(
      (earliest, { time, steps = 0 }) =>
        isAbsence || (steps & 1) !== 0 ? Math.min(earliest, time) : earliest,
      Infinity,
    )
    return first === Infinity ? undefined : first + withinMs + settleMs
  }
}
