// Owns what a scenario's keys become, and what holds when one is left out. Its keys: scenario-keys.ts.
import { createCalendar } from '../core/calendar.ts'
import type { Weekday } from '../core/event.ts'
import type {
  WrittenAttack,
  WrittenContract,
  WrittenRoutine,
  WrittenScenario,
  WrittenStep,
  WrittenUser,
} from './scenario-keys.ts'
import { HISTORY_MS_DEFAULT, MESS } from './scenario.ts'
import type { Attack, Contract, Life, Mess, Scenario, Step, User } from './scenario.ts'

/** A scenario of which every key was found right. */
export function toScenario(written: WrittenScenario): Scenario {
  return {
    name: written.name ?? '',
    calendar: createCalendar(written.timezone ?? 'UTC'),
    speed: written.speed ?? 1,
    historyMs: written.history ?? HISTORY_MS_DEFAULT,
    mess: { ...MESS, ...defined(written.mess ?? {}) },
    contracts: (written.contracts ?? []).map(toContract),
  }
}

function toContract(written: WrittenContract): Contract {
  return {
    number: written.number ?? '',
    headerNeeded: written.headerNeeded ?? false,
    dataCenters: written.dataCenters ?? 3,
    users: (written.users ?? []).map(toUser),
    routines: (written.routines ?? []).map(toRoutine),
    attacks: (written.attacks ?? []).map(toAttack),
  }
}

const ALL_DAYS: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const WORKDAYS: readonly Weekday[] = ALL_DAYS.slice(0, 5)

function toUser(written: WrittenUser): User {
  const kind = written.kind ?? 'human'
  const human = kind === 'human'
  const days = written.days?.flat() ?? (human ? WORKDAYS : ALL_DAYS)
  const hours = written.hours ?? { fromMinute: human ? 480 : 0, toMinute: human ? 1080 : 1440 }
  return {
    name: written.name ?? '',
    kind,
    service: written.service ?? (human ? 'DCD' : 'PUBLIC_REST_V6'),
    addresses: written.addresses ?? [],
    hours: { ...hours, days },
    operationsPerHour: written.operationsPerHour ?? 0,
    outside: written.outside ?? (human ? 0.02 : 1),
    does: written.does ?? [],
    life: toLife(written),
  }
}

function toLife(written: WrittenUser): Life {
  return {
    home: written.home ?? [],
    homeShare: written.homeShare ?? 0,
    abroad: written.abroad ?? [],
    abroadShare: written.abroadShare ?? 0,
    holidays: written.holidays ?? 0,
    sick: written.sick ?? 0,
    onCall: written.onCall ?? false,
    leftMs: written.left,
    joinsMs: written.joins,
  }
}

function toRoutine(written: WrittenRoutine): Attack {
  const daily = {
    minuteOfDay: written.at ?? 0,
    days: written.days?.flat() ?? ALL_DAYS,
    withinMs: written.within ?? 0,
    share: written.share ?? 1,
  }
  return {
    name: written.name ?? '',
    by: written.by ?? [],
    from: written.from ?? [],
    service: written.service ?? 'PUBLIC_REST_V6',
    when: { atMs: undefined, afterMs: undefined, everyMs: undefined, daily },
    steps: (written.steps ?? []).map(toStep),
  }
}

function toAttack(written: WrittenAttack): Attack {
  return {
    name: written.name ?? '',
    by: written.by ?? [],
    from: written.from ?? [],
    service: written.service ?? 'PUBLIC_REST_V6',
    when: { atMs: written.at, afterMs: written.after, everyMs: written.every },
    steps: (written.steps ?? []).map(toStep),
  }
}

/** Between repeats of a step when the scenario doesn't say. */
const GAP_MS_DEFAULT = 5000

function toStep(written: WrittenStep): Step {
  return {
    activity: written.do ?? 'read',
    afterMs: written.after ?? 0,
    times: written.times ?? 1,
    gapMs: written.gap ?? GAP_MS_DEFAULT,
    refused: written.refused,
    ...(written.by !== undefined && { by: written.by }),
    ...(written.from !== undefined && { from: written.from }),
    ...(written.service !== undefined && { service: written.service }),
  }
}

function defined(written: Partial<Record<keyof Mess, number | undefined>>): Partial<Mess> {
  const known = Object.entries(written).filter(([, value]) => value !== undefined)
  return Object.fromEntries(known)
}
