// Owns the stories of a scenario: when each is told again, by whom, and its steps in time.
import { createIds, isCreation } from './company.ts'
import type { Span, World } from './company.ts'
import { ACTIVITIES } from './activities.ts'
import type { Activity, Thing } from './activities.ts'
import type { Operation } from './operation.ts'
import { createRandom } from './random.ts'
import type { Random } from './random.ts'
import { TIDY } from './scenario.ts'
import type { Attack, Contract, Step } from './scenario.ts'

/** Tellings looked at for one bucket: a story told more often is cut, so that a bucket ends. */
const TELLINGS_MAX = 1000
/** Wall time by which a step may be late: nobody acts on the full second. */
const JITTER_MS_MAX = 900

const FIRST_NAMES: readonly string[] = [
  'ada',
  'ben',
  'carla',
  'dario',
  'elin',
  'farid',
  'greta',
  'hugo',
  'ines',
  'jonas',
  'kira',
  'levi',
  'mona',
  'nils',
  'olga',
  'pavel',
  'rita',
  'sven',
  'tara',
  'umut',
  'vera',
  'wim',
  'yara',
  'zeno',
]
const LAST_NAMES: readonly string[] = [
  'adler',
  'brandt',
  'conrad',
  'dietz',
  'ernst',
  'falk',
  'gerber',
  'hahn',
  'irmer',
  'jansen',
  'kraft',
  'lorenz',
  'maurer',
  'neumann',
  'otto',
  'pohl',
  'reuter',
  'seidel',
  'thoma',
  'ulrich',
  'vogel',
  'winter',
  'ziegler',
  'zimmer',
]

/** A story with what is reckoned once for it. All times inside it are company time. */
export type Story = {
  readonly attack: Attack
  /** Of the telling with number 0. */
  readonly firstMs: number
  readonly lengthMs: number
}

type Telling = { readonly number: number; readonly beginMs: number }

/** The stories of a contract, ready to be told. */
export function planStories({ seed, time }: World, contract: Contract): readonly Story[] {
  return contract.attacks.map((attack) => {
    const { atMs, afterMs, everyMs = 1 } = attack.when
    // Without `after` a story has always been told: its first time is somewhere in the first round.
    const phaseMs = createRandom(seed, 'phase', attack.name).int(everyMs)
    const firstMs = atMs ?? (afterMs === undefined ? phaseMs : time.startTimeMs + afterMs)
    const lengthMs = attack.steps.reduce(
      (sum, step) => sum + step.afterMs + step.times * step.gapMs,
      0,
    )
    return { attack, firstMs, lengthMs }
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
      for (const operation of tell(world, contract, { attack: story.attack, ...telling })) {
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
  { attack, number, beginMs }: Telling & { readonly attack: Attack },
): readonly Operation[] {
  const random = createRandom(world.seed, contract.number, attack.name, number)
  const user = nameSomebody(random.pick(attack.by), number, random)
  const address = random.pick(attack.from)
  const known = new Map<Thing, string>()
  const operations: Operation[] = []
  let atMs = beginMs
  for (const [stepIndex, step] of attack.steps.entries()) {
    atMs += step.afterMs
    for (let turn = 0; turn < step.times; turn += 1) {
      const key = `${contract.number}.${attack.name}.${number}.${stepIndex}.${turn}`
      const own = createRandom(world.seed, 'operation', key)
      operations.push({
        timeMs: Math.floor(world.time.toWall(atMs)) + own.int(JITTER_MS_MAX),
        key,
        contract: contract.number,
        activity: step.activity,
        user,
        address,
        service: attack.service,
        refused: step.refused,
        ids: storyIds(world.seed, contract, { step, random: own, known }),
        random: own,
        // What detection goes by stays; who reads the log still can't count on ids and numbers.
        mess: { ...TIDY, uuidMissing: world.mess.uuidMissing, textNumbers: world.mess.textNumbers },
      })
      if (turn + 1 < step.times) atMs += step.gapMs
    }
  }
  return operations
}

/** A thing made in one step is the thing used in the next; a repeated step takes a new one each time. */
function storyIds(
  seed: string,
  contract: Contract,
  {
    step,
    random,
    known,
  }: { readonly step: Step; readonly random: Random; readonly known: Map<Thing, string> },
): (thing: Thing) => string {
  const ids = createIds(seed, contract, { activity: step.activity, random })
  const { touches }: Activity = ACTIVITIES[step.activity]
  return (thing) => {
    if (touches?.thing === thing && (step.times > 1 || isCreation(step.activity))) {
      const id = ids(thing)
      known.set(thing, id)
      return id
    }
    const before = known.get(thing)
    if (before !== undefined) return before
    const id = ids(thing)
    known.set(thing, id)
    return id
  }
}

function nameSomebody(template: string, number: number, random: Random): string {
  return template
    .replaceAll('{first}', random.pick(FIRST_NAMES))
    .replaceAll('{last}', random.pick(LAST_NAMES))
    .replaceAll('{n}', String(Math.abs(number)))
}
