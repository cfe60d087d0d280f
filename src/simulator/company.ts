// Owns an ordinary day: who is at work, what they do, how often. What goes wrong: attacks.ts.
import { createRandom } from './random.ts'
import type { Random } from './random.ts'
import { ACTIVITIES, isCreation } from './activities.ts'
import type { Activity, ActivityName, Thing } from './activities.ts'
import { isAtWork } from './company-time.ts'
import type { CompanyTime } from './company-time.ts'
import type { Inventory } from './inventory.ts'
import type { Operation } from './operation.ts'
import { presenceAt } from './presence.ts'
import type { Calendar } from '../core/calendar.ts'
import type { Contract, Mess, User } from './scenario.ts'

/** A span of wall time, from inclusive, to exclusive. */
export type Span = { readonly fromMs: number; readonly toMs: number }

export type World = {
  readonly seed: string
  readonly time: CompanyTime
  readonly calendar: Calendar
  readonly mess: Mess
  readonly inventory: Inventory
}

/** How much ordinary work there is: by everybody's habits, or a fixed rate shared among them. */
export type Volume = { readonly operationsPerMinute: number | undefined }

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

const HOSTILE_NAMES: readonly string[] = [
  '<!channel>',
  '<!channel> <https://evil.example|reset your password>',
  '"><img src=x onerror=alert(1)>@example.com',
  '*bold* _it_ `code` &lt;b&gt;@example.com',
  '{{ rule.title }}@example.com',
  '=HYPERLINK("https://evil.example";"open")',
  'mallory\r\nBcc: everyone@example.com',
  '\u001b[31mred\u001b[0m@example.com',
  'moc.elpmaxe@\u202eadmin',
  '__proto__',
  `${'long-'.repeat(50)}@example.com`,
]

/** Errors of an ordinary day: mostly a wrong id, a locked resource, a bad value. */
const ORDINARY_ERRORS: readonly number[] = [404, 404, 404, 422, 422, 422, 422, 423, 423, 423]

/** What everybody does in a span that lies in one bucket; the same for the same bucket, always. */
export function workOrdinaryDay(
  world: World,
  contract: Contract,
  {
    bucket,
    span,
    volume,
  }: { readonly bucket: number; readonly span: Span; readonly volume: Volume },
): readonly Operation[] {
  const random = createRandom(world.seed, contract.number, 'work', bucket)
  const drawn =
    volume.operationsPerMinute === undefined
      ? drawByHabit(world, contract, { span, random })
      : drawAtRate(world, contract, { span, random, perMinute: volume.operationsPerMinute })
  return drawn.map(({ user, timeMs }, index) =>
    act(world, contract, { user, timeMs, key: `${contract.number}.${timeMs}.${index}` }),
  )
}

type Drawn = { readonly user: User; readonly timeMs: number }
type Draw = { readonly span: Span; readonly random: Random }

/** Draws at the highest rate possible, then keeps each with the share that holds at its time. */
function drawByHabit(world: World, contract: Contract, { span, random }: Draw): readonly Drawn[] {
  const { time } = world
  const perHour = contract.users.reduce((sum, user) => sum + user.operationsPerHour, 0)
  const fastest = span.toMs > time.startTimeMs ? Math.max(1, time.speed) : 1
  const mean = (perHour * fastest * (span.toMs - span.fromMs)) / HOUR_MS
  return Array.from({ length: random.poisson(mean) }, () => {
    const timeMs = span.fromMs + random.int(span.toMs - span.fromMs)
    const user = pickWeighted(contract.users, (one) => one.operationsPerHour, random)
    const kept = random.next()
    if (user === undefined) return undefined
    const speed = timeMs > time.startTimeMs ? time.speed : 1
    const { busy } = presenceAt(world, contract, user, time.toCompany(timeMs))
    return kept < (busy * speed) / fastest ? { user, timeMs } : undefined
  }).filter((drawn) => drawn !== undefined)
}

/** The rate stays the same day and night: the hours only decide who it is. */
function drawAtRate(
  world: World,
  contract: Contract,
  { span, random, perMinute }: Draw & { readonly perMinute: number },
): readonly Drawn[] {
  const { time, calendar } = world
  const noonMs = time.toCompany((span.fromMs + span.toMs) / 2)
  const weight = (user: User) =>
    user.operationsPerHour * (isAtWork(user.hours, calendar, noonMs) ? 1 : user.outside)
  const mean = (perMinute * (span.toMs - span.fromMs)) / MINUTE_MS
  return Array.from({ length: random.poisson(mean) }, () => {
    const timeMs = span.fromMs + random.int(span.toMs - span.fromMs)
    const user = pickWeighted(contract.users, weight, random)
    return user === undefined ? undefined : { user, timeMs }
  }).filter((drawn) => drawn !== undefined)
}

type Doing = { readonly user: User; readonly timeMs: number; readonly key: string }

function act(world: World, contract: Contract, { user, timeMs, key }: Doing): Operation {
  const { mess } = world
  const random = createRandom(world.seed, 'operation', key)
  const habit = pickWeighted(user.does, (one) => one.weight, random)
  const activity: ActivityName = habit?.activity ?? 'read'
  const hostile = random.chance(mess.hostileNames)
  const failed = random.chance(mess.errors)
  return {
    timeMs,
    key,
    contract: contract.number,
    activity: hostile ? 'signIn' : activity,
    user: hostile ? random.pick(HOSTILE_NAMES) : user.name,
    address: presenceAt(world, contract, user, world.time.toCompany(timeMs)).address(random),
    service: user.service,
    refused: failed && !hostile ? random.pick(ORDINARY_ERRORS) : undefined,
    ids: createIds({ world, contract, activity, random }),
    random,
    mess,
  }
}

type Doer = {
  readonly world: World
  readonly contract: Contract
  readonly activity: ActivityName
  readonly random: Random
}

/**
 * Ids for one operation: what is made or deleted is new, so that the company keeps what it has;
 * asked twice for a thing, it gives the same.
 */
function createIds({ world, contract, activity, random }: Doer): (thing: Thing) => string {
  const { method, touches }: Activity = ACTIVITIES[activity]
  const fleeting = method === 'DELETE' || isCreation(activity)
  const known = new Map<Thing, string>()
  return (thing) => {
    const before = known.get(thing)
    if (before !== undefined) return before
    const fresh = fleeting && touches?.thing === thing
    const id = fresh ? random.uuid() : world.inventory(contract, thing, random)
    known.set(thing, id)
    return id
  }
}

function pickWeighted<T>(
  list: readonly T[],
  weight: (item: T) => number,
  random: Random,
): T | undefined {
  const total = list.reduce((sum, item) => sum + weight(item), 0)
  let left = random.next() * total
  for (const item of list) {
    left -= weight(item)
    if (left < 0) return item
  }
  return list.at(-1)
}
