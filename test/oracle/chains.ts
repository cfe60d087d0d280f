// Owns the chains of a sequence: every choice of events for its steps is tried.
import type { DetectionInput, OracleDetect, Timed } from './detections.ts'
import { inside } from './detections.ts'

type Sequence = Extract<OracleDetect, { kind: 'sequence' }>
type Chain = { readonly first: number; readonly last: number; readonly evidence: readonly Timed[] }

/** Choices that are tried for one group: the number grows with the factorial of its events. */
const CHOICES_MAX = 2_000_000

/** The different extents of all chains. */
export function chainsOf(
  detect: Sequence,
  members: readonly Timed[],
  input: DetectionInput,
): readonly Chain[] {
  const stepEvents = members.filter((event) =>
    detect.steps.some((step, index) => !step.absent && input.steps[index]?.(event)),
  )
  const found = new Map<string, Chain>()
  let tried = 0
  for (const choice of choicesOf(detect, members, input, [])) {
    tried += 1
    if (tried > CHOICES_MAX) throw new Error('too many events to try every chain')
    if (!isChain(detect, members, input, choice)) continue
    const first = earliest(choice.flat())
    const last = latest(choice.flat())
    found.set(`${first} ${last}`, { first, last, evidence: inside(stepEvents, first, last) })
  }
  return [...found.values()]
}

/** The events that were picked for each step; none for an absent one. */
type Choice = readonly (readonly Timed[])[]

/** Every way to give each step its number of events, each event to one step at most. */
function* choicesOf(
  detect: Sequence,
  members: readonly Timed[],
  input: DetectionInput,
  picked: Choice,
): Generator<Choice> {
  const step = detect.steps[picked.length]
  const fulfils = input.steps[picked.length]
  if (step === undefined || fulfils === undefined) return yield picked
  // What lies before an event that an earlier step has could not be in order any more.
  const from = latest(picked.flat())
  const free = members.filter((event) => event.time >= from && !picked.flat().includes(event))
  for (const events of subsetsOf(free.filter(fulfils), step.absent ? 0 : step.count)) {
    yield* choicesOf(detect, members, input, [...picked, events])
  }
}

/** Every subset with this many items. */
export function* subsetsOf<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  if (size === 0) return yield []
  for (const [index, item] of items.entries()) {
    for (const others of subsetsOf(items.slice(index + 1), size - 1)) yield [item, ...others]
  }
}

function isChain(
  detect: Sequence,
  members: readonly Timed[],
  input: DetectionInput,
  choice: Choice,
): boolean {
  const all = choice.flat()
  const end = earliest(all) + detect.withinMs
  if (latest(all) > end) return false
  return detect.steps.every((step, index) => {
    const before = choice.slice(0, index).flat()
    const after = choice[index + 1]
    if (!step.absent) return latest(before) <= earliest(choice[index] ?? [])
    const unwanted = members.filter((event) => input.steps[index]?.(event))
    if (after === undefined) {
      const isOver = end <= input.mark - input.settleMs
      return isOver && !unwanted.some((event) => event.time > latest(before) && event.time <= end)
    }
    return !unwanted.some((event) => event.time > latest(before) && event.time < earliest(after))
  })
}

function earliest(events: readonly Timed[]): number {
  return Math.min(...events.map(({ time }) => time))
}

function latest(events: readonly Timed[]): number {
  return Math.max(...events.map(({ time }) => time))
}
