// Owns the stories of a scenario: when each is told again, by whom, and its steps in time.
import { createIds, isCreation } from './company.ts'
import type { Span, World } from './company.ts'
import { ACTIVITIES } from './activities.ts'
import type { Activity, Thing } from './activities.ts'
import type { Operation } from './entries.ts'
import { createRandom } from './random.ts'
import type { Random } from './random.ts'
import { TIDY } from './scenario.ts'
import type { Attack, Contract, Step } from './scenario.ts'

/** Tellings looked at for one bucket: a story told more often is cut, so that a bucket ends. */
const TELLINGS_MAX = 1000

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

/** The operations of all stories that fall into a span; the same for the same span, always. */
export function tellAttacks(world: World, contract: Contract, span: Span): readonly Operation[] {
  return contract.attacks.flatMap((attack) =>
    tellingsWithin(world, attack, span)
      .flatMap((telling) => tell(world, contract, { attack, ...telling }))
      .filter(({ timeMs }) => timeMs >= span.fromMs && timeMs < span.toMs),
  )
}

type Telling = { readonly number: number; readonly beginMs: number }

/** Which tellings may touch the span. All times inside a story are company time. */
function tellingsWithin({ seed, time }: World, attack: Attack, span: Span): readonly Telling[] {
  const { atMs, afterMs, everyMs } = attack.when
  const fromMs = time.toCompany(span.fromMs) - lengthMs(attack)
  const toMs = time.toCompany(span.toMs)
  if (atMs !== undefined) return [{ number: 0, beginMs: atMs }]
  // Without `after` a story has always been told: its first time is somewhere in the first round.
  const phaseMs = everyMs === undefined ? 0 : createRandom(seed, 'phase', attack.name).int(everyMs)
  const firstMs = afterMs === undefined ? phaseMs : time.startTimeMs + afterMs
  if (everyMs === undefined) return [{ number: 0, beginMs: firstMs }]
  const lowest = afterMs === undefined ? Number.NEGATIVE_INFINITY : 0
  const first = Math.max(lowest, Math.ceil((fromMs - firstMs) / everyMs))
  const last = Math.min(Math.floor((toMs - firstMs) / everyMs), first + TELLINGS_MAX)
  const count = Math.max(0, last - first + 1)
  return Array.from({ length: count }, (_, index) => {
    const number = first + index
    return { number, beginMs: firstMs + number * everyMs }
  })
}

function lengthMs(attack: Attack): number {
  return attack.steps.reduce((sum, step) => sum + step.afterMs + step.times * step.gapMs, 0)
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
        timeMs: Math.floor(world.time.toWall(atMs)),
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
