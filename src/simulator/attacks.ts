// Owns the stories of a scenario: when each is told again, by whom, and its steps in time.
import type { Span, World } from './company.ts'
import { ACTIVITIES, isCreation } from './activities.ts'
import type { Activity, ActivityName, Thing } from './activities.ts'
import { nameSomebody, NAMES_COUNT } from './names.ts'
import type { Operation } from './operation.ts'
import { momentOfDay, presenceAt } from './presence.ts'
import { createRandom } from './random.ts'
import type { Random } from './random.ts'
import { TIDY } from './scenario.ts'
import type { Attack, Contract, Step } from './scenario.ts'

/** Tellings looked at for one bucket: a story told more often is cut, so that a bucket ends. */
const TELLINGS_MAX = 1000
/** Wall time by which a step may be late: nobody acts on the full second. */
const JITTER_MS_MAX = 900
const DAY_MS = 86_400_000
/** What jitter may add to the end of a routine. */
const DAY_END_MS = 60_000

/** A story with what is reckoned once for it. All times inside it are company time. */
export type Story = {
  readonly attack: Attack
  /** Of the telling with number 0. */
  readonly firstMs: number
  readonly lengthMs: number
  /** Where in the list of names it begins: far from where the other stories do. */
  readonly firstName: number
  /** When a daily one begins on a day, -Infinity for never: asked for every bucket. */
  readonly begins: Map<number, number>
}

type Telling = { readonly number: number; readonly beginMs: number }

/** The stories of a contract, ready to be told. */
export function planStories({ seed, time }: World, contract: Contract): readonly Story[] {
  const stories = [...contract.routines, ...contract.attacks]
  return stories.map((attack, index) => {
    const { atMs, afterMs, everyMs = 1 } = attack.when
    // Without `after` a story has always been told: its first time is somewhere in the first round.
    const phaseMs = createRandom(seed, 'phase', attack.name).int(everyMs)
    const firstMs = atMs ?? (afterMs === undefined ? phaseMs : time.startTimeMs + afterMs)
    const lengthMs = attack.steps.reduce(
      (sum, step) => sum + step.afterMs + step.times * step.gapMs,
      0,
    )
    const firstName = Math.floor((index * NAMES_COUNT) / stories.length)
    return { attack, firstMs, lengthMs, firstName, begins: new Map() }
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
    const tellings =
      story.attack.when.daily === undefined
        ? tellingsWithin(story, company, JITTER_MS_MAX * time.speed)
        : tellingsOfDays(world, contract, story, company)
    for (const telling of tellings) {
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

/** The tellings of a routine that may touch the span, which is company time here. */
function tellingsOfDays(
  world: World,
  contract: Contract,
  story: Story,
  span: Span,
): readonly Telling[] {
  const { attack, begins, lengthMs } = story
  const withinMs = attack.when.daily?.withinMs ?? 0
  const reachMs = lengthMs + withinMs + DAY_MS
  const last = Math.floor((span.toMs + DAY_MS) / DAY_MS)
  const tellings: Telling[] = []
  for (let day = Math.floor((span.fromMs - reachMs) / DAY_MS); day <= last; day += 1) {
    const known = begins.get(day)
    const beginMs = known ?? beginOnDay(world, contract, attack, day)
    if (known === undefined) begins.set(day, beginMs)
    const touches = beginMs < span.toMs && beginMs + lengthMs + DAY_END_MS > span.fromMs
    if (touches) tellings.push({ number: day, beginMs })
  }
  return tellings
}

function beginOnDay(world: World, contract: Contract, attack: Attack, day: number): number {
  const { daily } = attack.when
  if (daily === undefined) return Number.NEGATIVE_INFINITY
  const random = createRandom(world.seed, 'routine', contract.number, attack.name, day)
  const noonMs = momentOfDay(world, day, daily.minuteOfDay)
  const isDay = daily.days.includes(world.calendar.at(noonMs).weekday)
  if (!isDay || !random.chance(daily.share)) return Number.NEGATIVE_INFINITY
  return noonMs + random.int(daily.withinMs + 1)
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
  const isRoutine = attack.when.daily !== undefined
  const doer = isRoutine ? doerOf(world, contract, { attack, telling, random }) : undefined
  if (isRoutine && doer === undefined) return []
  const who = {
    contract: contract.number,
    user:
      doer?.user ??
      nameSomebody(random.pick(attack.by), world.seed, { turn, name: firstName + turn }),
    address: doer?.address ?? random.pick(attack.from),
    service: attack.service,
    // What detection goes by stays; who reads the log still can't count on ids and numbers.
    mess: isRoutine
      ? world.mess
      : { ...TIDY, uuidMissing: world.mess.uuidMissing, textNumbers: world.mess.textNumbers },
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
        ...othersOf(step),
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

type Doer = { readonly user: string; readonly address: string }
type Doing = { readonly attack: Attack; readonly telling: Telling; readonly random: Random }

/** Who does a routine: one of those who are there, from where they are. Nobody there: undefined. */
function doerOf(
  world: World,
  contract: Contract,
  { attack, telling, random }: Doing,
): Doer | undefined {
  const presenceOf = (name: string) => {
    const user = contract.users.find((one) => one.name === name)
    return user && presenceAt(world, contract, user, telling.beginMs)
  }
  const there = attack.by.filter((name) => presenceOf(name)?.busy !== 0)
  if (there.length === 0) return undefined
  const user = random.pick(there)
  const address =
    attack.from.length > 0 ? random.pick(attack.from) : presenceOf(user)?.address(random)
  return address === undefined ? undefined : { user, address }
}

/** In what a step differs from its story. */
function othersOf({
  by,
  from,
  service,
}: Step): Partial<Pick<Operation, 'user' | 'address' | 'service'>> {
  return {
    ...(by !== undefined && { user: by }),
    ...(from !== undefined && { address: from }),
    ...(service !== undefined && { service }),
  }
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
