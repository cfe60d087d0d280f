// Owns what a scenario says and the defaults it may leave out. Reading its text: scenario-file.ts.
import { createCalendar } from '../core/calendar.ts'
import type { Calendar } from '../core/calendar.ts'
import type { Weekday } from '../core/event.ts'
import type { ActivityName } from './activities.ts'
import type { WorkingHours } from './company-time.ts'

/** A company (or several) whose Activity Log is simulated. All spans are in company time. */
export type Scenario = {
  readonly name: string
  readonly calendar: Calendar
  /** How many times as fast as the wall clock company time runs after the simulator's start. */
  readonly speed: number
  /** How far back before the start the log reaches. */
  readonly historyMs: number
  readonly mess: Mess
  readonly contracts: readonly Contract[]
}

/** How untidy ordinary entries are: shares from 0 to 1. Attacks keep what detection needs. */
export type Mess = {
  readonly uuidMissing: number
  readonly ipMissing: number
  readonly resourcesMissing: number
  /** Contract number, version and HTTP status as texts instead of numbers. */
  readonly textNumbers: number
  /** Where the action string is documented: entries as thin as the official sample. */
  readonly sampleStyle: number
  readonly hostileNames: number
  /** Requests that fail, mostly for harmless reasons. */
  readonly errors: number
}

export type Contract = {
  /** Digits; may exceed what a number can hold. */
  readonly number: string
  /** Whether calls must name it in `X-Contract-Number`, as for the sub-contracts of a reseller. */
  readonly headerNeeded: boolean
  readonly dataCenters: number
  readonly users: readonly User[]
  /** What is done at its hour of the day, by people or programs: an ordinary story. */
  readonly routines: readonly Attack[]
  readonly attacks: readonly Attack[]
}

export type UserKind = 'human' | 'automation'

export type User = {
  readonly name: string
  readonly kind: UserKind
  readonly service: string
  readonly addresses: readonly string[]
  readonly hours: WorkingHours
  readonly operationsPerHour: number
  /** Share of that rate outside the hours. */
  readonly outside: number
  readonly does: readonly Habit[]
  readonly life: Life
}

/** What makes one day of somebody differ from another. Shares are from 0 to 1. */
export type Life = {
  /** Where they are on days at home: addresses, or networks of which each week gives another one. */
  readonly home: readonly string[]
  /** Of days. */
  readonly homeShare: number
  /** Where they are on weeks of travel. */
  readonly abroad: readonly string[]
  /** Of weeks. */
  readonly abroadShare: number
  /** Of fortnights. */
  readonly holidays: number
  /** Of days. */
  readonly sick: number
  /** Takes turns, a week each, at being called at night. */
  readonly onCall: boolean
  /** Was there only until so long before the start, or begins so long after it. */
  readonly leftMs: number | undefined
  readonly joinsMs: number | undefined
}

export type Habit = { readonly activity: ActivityName; readonly weight: number }

/** A story that is told once or again and again, each time by other names. */
export type Attack = {
  readonly name: string
  /** Login names; `{first}`, `{last}` and `{n}` become new ones each time. */
  readonly by: readonly string[]
  /** None: from wherever they are that day. */
  readonly from: readonly string[]
  readonly service: string
  readonly when: When
  readonly steps: readonly Step[]
}

/**
 * Once `at` a time; `every` so often, in history too; or `after` the start, then perhaps `every`;
 * or at an hour of the day.
 */
export type When = {
  readonly atMs: number | undefined
  readonly afterMs: number | undefined
  readonly everyMs: number | undefined
  readonly daily?: Daily | undefined
}

export type Daily = {
  readonly minuteOfDay: number
  readonly days: readonly Weekday[]
  /** How much later it may begin. */
  readonly withinMs: number
  /** Of these days. */
  readonly share: number
}

export type Step = {
  readonly activity: ActivityName
  /** Since the end of the step before. */
  readonly afterMs: number
  readonly times: number
  readonly gapMs: number
  /** The HTTP status it is refused with; undefined when it is let through. */
  readonly refused: number | undefined
  /** Where they differ from the story's: somebody else, somewhere else, by other means. */
  readonly by?: string | undefined
  readonly from?: string | undefined
  readonly service?: string | undefined
}

export const MESS: Mess = {
  uuidMissing: 0.3,
  ipMissing: 0.1,
  resourcesMissing: 0.1,
  textNumbers: 0.3,
  sampleStyle: 0.2,
  hostileNames: 0.002,
  errors: 0.03,
}

export const TIDY: Mess = {
  uuidMissing: 0,
  ipMissing: 0,
  resourcesMissing: 0,
  textNumbers: 0,
  sampleStyle: 0,
  hostileNames: 0,
  errors: 0,
}

export const HISTORY_MS_DEFAULT = 14 * 86_400_000

/** A scenario in which nothing happens by itself: for entries that are put in by hand. */
export function silentScenario(contractNumbers: readonly string[]): Scenario {
  return {
    name: 'silence',
    calendar: createCalendar('UTC'),
    speed: 1,
    historyMs: HISTORY_MS_DEFAULT,
    mess: TIDY,
    contracts: contractNumbers.map((number) => ({
      number,
      headerNeeded: false,
      dataCenters: 1,
      users: [],
      routines: [],
      attacks: [],
    })),
  }
}
