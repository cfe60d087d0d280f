// Owns the stories of a scenario: when each is told again, by whom, and its steps in time.
import type { Span, World } from './company.ts'
import { ACTIVITIES, isCreation } from './activities.ts'
import type { Activity, ActivityName, Thing } from './activities.ts'
import { nameSomebody, NAMES_COUNT } from './names.ts'
import type { Operation } from './operation.ts'
import { createRandom } from './random.ts'
import type { Random } from './random.ts'
import { TIDY } from './scenario.ts'
import type { Attack, Contract, Step } from './scenario.ts'

/** Tellings looked at for one bucket: a story told more often is cut, so that a bucket ends. */
const TELLINGS_MAX = 1000
/** Wall time by which a step may be late: nobody acts on the full second. */
const JITTER_MS_MAX = 900
const DAY_MS = 86_400_000

/** A story with what is reckoned once for it. All times inside it are company time. */
export type Story = {
  readonly attack: Attack
  /** Of the telling with number 0. */
  readonly firstMs: number
  readonly lengthMs: number
  /** Where in the list of names it begins: far from where the other stories do. */
  readonly firstName: number
}

type Telling = { readonly number: number; readonly beginMs: number }

/** The stories of a contract, ready to be told. */
export function planStories({ seed, time }: World, contract: Contract): readonly Story[] {
  return contract.attacks.map((attack, index) => {
    const { atMs, afterMs, everyMs = 1 } = attack.when
    // Without `after` a story has always been told: its first time is somewhere in the first round.
    const phaseMs = createRandom(seed, 'phase', attack.name).int(everyMs)
    const firstMs = atMs ?? (afterMs === undefined ? phaseMs : time.startTimeMs + afterMs)
    const lengthMs = attack.steps.reduce(
      (sum, step) => sum + step.afterMs + step.times * step.gapMs,
      0,
    )
    const firstName = Math.floor((index * NAMES_COUNT) / contract.attacks.length)
    return { attack, firstMs, lengthMs, firstName }
  })
}

/** The operations of all stories that fall into a span; the same for the same span, always. */
export function tellStories(
  world: World,
  contract: Contract,
  { stories, span }: { readonly stories: readonly Story[]; readonly span: Span },
): readonly Operation[] {
  const { time } = world
  const company = { fromMs: time.toCompany(span.fromMs), toMs: time.toCompany(span.toMs) }
  const operations: Operation[] = []
  for (const story of stories) {
    for (const telling of tellingsWithin(story, company, JITTER_MS_MAX * time.speed)) {
      for (const operation of tell(world, contract, story, telling)) {
        const { timeMs } = operation
        if (timeMs >= span.fromMs && timeMs < span.toMs) operations.push(operation)
      }
    }
  }
  return operations
}

const NONE: readonly Telling[] = []

/** Which tellings may touch the span, which is company time here. Most buckets see none. */
function tellingsWithin(story: Story, span: Span, jitterMs: number): readonly Telling[] {
  const { attack, firstMs, lengthMs } = story
  const { afterMs, everyMs } = attack.when
  if (afterMs !== undefined && span.toMs < firstMs) return NONE
  const fromMs = span.fromMs - lengthMs - jitterMs
  if (everyMs === undefined) {
    return firstMs >= fromMs && firstMs < span.toMs ? [{ number: 0, beginMs: firstMs }] : NONE
  }
  const lowest = afterMs === undefined ? Number.NEGATIVE_INFINITY : 0
  const first = Math.max(lowest, Math.ceil((fromMs - firstMs) / everyMs))
  const last = Math.min(Math.floor((span.toMs - firstMs) / everyMs), first + TELLINGS_MAX)
  if (last < first) return NONE
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const number = first + index
    return { number, beginMs: firstMs + number * everyMs }
  })
}

function tell(
  world: World,
  contract: Contract,
  story: Story,
  telling: Telling,
): readonly Operation[] {
  const { attack, firstName } = story
  const turn = turnOf(world, story, telling)
  // With its time, so that no telling of another run has the same ids.
  const key = `${contract.number}.${attack.name}.${Math.floor(world.time.toWall(telling.beginMs))}`
  const random = createRandom(world.seed, 'story', key)
  const who = {
    contract: contract.number,
    user: nameSomebody(random.pick(attack.by), world.seed, { turn, name: firstName + turn }),
    address: random.pick(attack.from),
    service: attack.service,
    // What detection goes by stays; who reads the log still can't count on ids and numbers.
    mess: { ...TIDY, uuidMissing: world.mess.uuidMissing, textNumbers: world.mess.textNumbers },
  }
  const ids = createStoryIds(world, contract, { attack, key })
  let atMs = telling.beginMs
  return attack.steps.flatMap((step, stepIndex) => {
    atMs += step.afterMs
    return Array.from({ length: step.times }, (_, repeat): Operation => {
      if (repeat > 0) atMs += step.gapMs
      const own = createRandom(world.seed, 'operation', key, stepIndex, repeat)
      return {
        ...who,
        timeMs: Math.floor(world.time.toWall(atMs)) + own.int(JITTER_MS_MAX),
        key: `${key}.${stepIndex}.${repeat}`,
        activity: step.activity,
        refused: step.refused,
        ids: ids(step, own),
        random: own,
      }
    })
  })
}

/**
 * Which turn of the story this is, by the wall clock: a simulator that is started anew goes on
 * with other names than the last one had.
 */
function turnOf({ time }: World, { attack }: Story, { number, beginMs }: Telling): number {
  const { afterMs, everyMs } = attack.when
  if (afterMs === undefined) return number
  return Math.floor(time.toWall(beginMs) / ((everyMs ?? DAY_MS) / time.speed))
}

/**
 * Ids for the steps of a story, asked for in their order: what one step makes, the next ones use;
 * a repeated step takes another thing each time; what is deleted was nothing the company needs.
 */
function createStoryIds(
  { seed, inventory }: World,
  contract: Contract,
  { attack, key }: { readonly attack: Attack; readonly key: string },
): (step: Step, random: Random) => (thing: Thing) => string {
  const doomed = new Set(attack.steps.map(({ activity }) => thingDeleted(activity)))
  const shared = (thing: Thing) => {
    const random = createRandom(seed, 'id', key, thing)
    return doomed.has(thing) ? random.uuid() : inventory(contract, thing, random)
  }
  let made: ReadonlyMap<Thing, string> = new Map()
  return (step, random) => {
    const { touches }: Activity = ACTIVITIES[step.activity]
    if (touches !== undefined && (step.times > 1 || isCreation(step.activity))) {
      made = new Map(made).set(touches.thing, random.uuid())
    }
    const known = made
    return (thing) => known.get(thing) ?? shared(thing)
  }
}

function thingDeleted(name: ActivityName): Thing | undefined {
  const { method, touches }: Activity = ACTIVITIES[name]
  return method === 'DELETE' ? touches?.thing : undefined
}
