// Owns what makes one day of somebody differ from another: at home, travelling, ill, on call. What
// they do then: company.ts.
import { formatAddress, parseCidr } from '../core/address.ts'
import type { World } from './company.ts'
import { isAtWork } from './company-time.ts'
import { createRandom } from './random.ts'
import type { Random } from './random.ts'
import type { Contract, User } from './scenario.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** The epoch was a Thursday; weeks begin on Mondays. */
const MONDAY_MS = 3 * DAY_MS

/** Share of nights on which somebody is called. */
const CALLED_SHARE = 0.3
/** A night is counted from noon; calls come from 22:00 to 05:00 and take up to two hours. */
const CALL_FROM_MINUTE = 10 * 60
const CALL_SPAN_MINUTES = 7 * 60
const CALL_MINUTES_MIN = 20
const CALL_MINUTES_MAX = 120

export type Presence = {
  /** Share of their usual rate; 0: away. */
  readonly busy: number
  /** Where they are. */
  address(random: Random): string
}

/** Somebody at a moment of company time. */
export function presenceAt(
  world: World,
  contract: Contract,
  user: User,
  companyMs: number,
): Presence {
  const { life } = user
  const chance = (what: string, round: number | string) =>
    createRandom(world.seed, what, contract.number, user.name, round)
  const { date } = world.calendar.at(companyMs)
  const week = Math.floor((companyMs + MONDAY_MS) / (7 * DAY_MS))
  const called = isCalled(world, contract, { user, week, companyMs })
  const isAway =
    isGone(world, user, companyMs) ||
    (life.sick > 0 && chance('sick', date).chance(life.sick)) ||
    (life.holidays > 0 && chance('holidays', Math.floor(week / 2)).chance(life.holidays))
  const working = called || isAtWork(user.hours, world.calendar, companyMs) ? 1 : user.outside
  return {
    busy: isAway ? 0 : working,
    address(random) {
      if (life.abroadShare > 0 && chance('abroad', week).chance(life.abroadShare)) {
        return addressWithin(random.pick(life.abroad), chance('abroad address', week))
      }
      const isHome = called || (life.homeShare > 0 && chance('home', date).chance(life.homeShare))
      if (isHome && life.home.length > 0) {
        const own = chance('home address', week)
        return addressWithin(own.pick(life.home), own)
      }
      return random.pick(user.addresses)
    },
  }
}

function isGone({ time }: World, { life }: User, companyMs: number): boolean {
  const { leftMs, joinsMs } = life
  if (leftMs !== undefined && companyMs > time.startTimeMs - leftMs) return true
  return joinsMs !== undefined && companyMs < time.startTimeMs + joinsMs
}

type Turn = { readonly user: User; readonly week: number; readonly companyMs: number }

function isCalled(world: World, contract: Contract, { user, week, companyMs }: Turn): boolean {
  if (!user.life.onCall) return false
  const team = contract.users.filter(({ life }) => life.onCall)
  if (team[week % team.length]?.name !== user.name) return false
  // The night's own day is the one on which it begins.
  const night = world.calendar.at(companyMs - DAY_MS / 2)
  const random = createRandom(world.seed, 'called', contract.number, night.date)
  if (!random.chance(CALLED_SHARE)) return false
  const from = CALL_FROM_MINUTE + random.int(CALL_SPAN_MINUTES)
  const minutes = CALL_MINUTES_MIN + random.int(CALL_MINUTES_MAX - CALL_MINUTES_MIN)
  const now = night.hour * 60 + night.minute
  return now >= from && now < from + minutes
}

/** An address as it is; of a network one that chance picks. */
function addressWithin(range: string, random: Random): string {
  const cidr = range.includes('/') ? parseCidr(range) : undefined
  if (cidr === undefined || cidr.version !== 4) return range
  // Neither the first nor the last: they are nobody's.
  const host = 1 + random.int(2 ** (32 - cidr.prefix) - 2)
  return formatAddress({ ...cidr, w3: (cidr.w3 + host) >>> 0 })
}

/** Company time of a minute of the day, `day` days after the epoch by the local calendar. */
export function momentOfDay({ calendar }: World, day: number, minuteOfDay: number): number {
  const guess = day * DAY_MS + minuteOfDay * MINUTE_MS
  const { hour, minute } = calendar.at(guess)
  const ahead = hour * 60 + minute - minuteOfDay
  const around = ahead > 720 ? ahead - 1440 : ahead < -720 ? ahead + 1440 : ahead
  return guess - around * MINUTE_MS
}
