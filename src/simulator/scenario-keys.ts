// Owns the keys a scenario file may have and what each must hold. What they become: scenario-defaults.ts.
import { isTimezone } from '../core/calendar.ts'
import { parseDuration } from '../core/duration.ts'
import {
  choice,
  flag,
  isObject,
  listOf,
  pointerTo,
  positive,
  readable,
  record,
  reportError,
  text,
  whole,
} from '../core/shape.ts'
import type { RecordOf, Shape } from '../core/shape.ts'
import { describeFound, suggestName } from '../core/suggest.ts'
import { ACTIVITY_NAMES } from './activities.ts'
import { parseDays, parseHours, parseTimeOfDay } from './company-time.ts'
import type { Habit } from './scenario.ts'

/** Company time a thousand times as fast: a day in 86 s. Beyond, working hours blur. */
export const SPEED_MAX = 1000
const TIMES_MAX = 1000
const NAME_LENGTH_MAX = 300

const duration = readable('a span such as 30s, 5m, 8h or 14d', {}, parseDuration)
const share: Shape<number> = {
  expected: 'a share from 0 to 1',
  schema: { type: 'number', minimum: 0, maximum: 1 },
  parse(value, pointer, report) {
    if (typeof value === 'number' && value >= 0 && value <= 1) return value
    return reportError(
      report,
      pointer,
      `found ${describeFound(value)}, expected a share from 0 to 1`,
    )
  },
}
const name = text(NAME_LENGTH_MAX)
const names = listOf(name, { min: 1 })
const addresses = listOf(text(45, 'an IP address'), { min: 1 })
const activity = choice(ACTIVITY_NAMES)

const does: Shape<readonly Habit[]> = {
  expected: 'an object of activities and weights, e.g. { "read": 10, "server.update": 1 }',
  schema: { type: 'object' },
  parse(value, pointer, report) {
    if (!isObject(value)) {
      return reportError(
        report,
        pointer,
        `found ${describeFound(value)}, expected ${this.expected}`,
      )
    }
    const habits = Object.entries(value).map(([key, weight]) => {
      const place = pointerTo(pointer, key)
      const known = ACTIVITY_NAMES.find((candidate) => candidate === key)
      if (known === undefined) {
        const hint = suggestName(key, ACTIVITY_NAMES)
        return reportError(report, place, `unknown activity ${describeFound(key)}${hint}`)
      }
      const parsed = positive('above zero').parse(weight, place, report)
      return parsed === undefined ? undefined : { activity: known, weight: parsed }
    })
    if (habits.length === 0) reportError(report, pointer, 'it is empty: name an activity')
    return habits.filter((habit) => habit !== undefined)
  },
}

const userKeys = {
  name: { shape: name, about: 'login name', must: true },
  kind: { shape: choice(['human', 'automation'] as const), about: 'sets the defaults below' },
  service: { shape: name, about: 'sourceService; default DCD for humans, else PUBLIC_REST_V6' },
  addresses: { shape: addresses, about: 'where they work from', must: true },
  hours: { shape: readable('hours such as 08:00-18:00', {}, parseHours), about: 'at work' },
  days: {
    shape: listOf(readable('mon, tue, … or mon-fri', {}, parseDays), { min: 1 }),
    about: 'at work',
  },
  operationsPerHour: { shape: positive('zero or more'), about: 'while at work', must: true },
  outside: { shape: share, about: 'share of that rate at other times' },
  does: { shape: does, about: 'activities and how often, relative to each other', must: true },
  home: { shape: addresses, about: 'where they work from at home: addresses or networks' },
  homeShare: { shape: share, about: 'share of days at home' },
  abroad: { shape: addresses, about: 'where they work from when they travel' },
  abroadShare: { shape: share, about: 'share of weeks of travel' },
  holidays: { shape: share, about: 'share of fortnights they are away' },
  sick: { shape: share, about: 'share of days they are away' },
  onCall: { shape: flag, about: 'takes turns, a week each, at being called at night' },
  left: { shape: duration, about: 'was there only until so long before the start' },
  joins: { shape: duration, about: 'begins so long after the start' },
}

const stepKeys = {
  do: { shape: activity, about: 'activity', must: true },
  after: { shape: duration, about: 'since the step before' },
  times: { shape: whole(1, TIMES_MAX), about: 'how often' },
  gap: { shape: duration, about: 'between these times' },
  refused: { shape: whole(400, 599), about: 'HTTP status when it is refused' },
  by: { shape: name, about: 'login name, when it is somebody else' },
  from: { shape: text(45, 'an IP address'), about: 'where it comes from, when it is elsewhere' },
  service: { shape: name, about: 'sourceService, when it is another one' },
}

const timestamp = readable('a time such as 2026-11-20T09:00:00Z', {}, (written) => {
  const ms = Date.parse(written)
  return Number.isNaN(ms) ? undefined : ms
})

const attackKeys = {
  name: { shape: name, about: 'what the story is called', must: true },
  by: { shape: names, about: 'login names, {first} {last} {n} vary', must: true },
  from: { shape: addresses, about: 'where it comes from', must: true },
  service: { shape: name, about: 'sourceService; default PUBLIC_REST_V6' },
  at: { shape: timestamp, about: 'once, at this time' },
  after: { shape: duration, about: 'first time, counted from the start' },
  every: { shape: duration, about: 'again and again' },
  steps: { shape: listOf(record(stepKeys), { min: 1 }), about: 'what happens', must: true },
}

const routineKeys = {
  name: { shape: name, about: 'what the routine is called', must: true },
  by: { shape: names, about: 'login names; those who are there take turns', must: true },
  from: { shape: addresses, about: 'where it comes from; default: where they are that day' },
  service: { shape: name, about: 'sourceService; default PUBLIC_REST_V6' },
  at: {
    shape: readable('a time of day such as 01:30', {}, parseTimeOfDay),
    about: 'when it begins',
    must: true,
  },
  within: { shape: duration, about: 'how much later it may begin' },
  days: {
    shape: listOf(readable('mon, tue, … or mon-fri', {}, parseDays), { min: 1 }),
    about: 'default: every day',
  },
  share: { shape: share, about: 'share of these days; default 1' },
  steps: { shape: listOf(record(stepKeys), { min: 1 }), about: 'what happens', must: true },
}

const contractKeys = {
  number: {
    shape: readable('a contract number: digits in quotes', {}, (written) =>
      /^[1-9]\d{0,18}$/.test(written) ? written : undefined,
    ),
    about: 'contract number',
    must: true,
  },
  headerNeeded: { shape: flag, about: 'calls must send X-Contract-Number' },
  dataCenters: { shape: whole(1, 100), about: 'how many there are' },
  users: { shape: listOf(record(userKeys)), about: 'who works here', must: true },
  routines: { shape: listOf(record(routineKeys)), about: 'what is done at its hour of the day' },
  attacks: { shape: listOf(record(attackKeys)), about: 'what goes wrong' },
}

const messKeys = {
  uuidMissing: { shape: share, about: 'entries without @uuid' },
  ipMissing: { shape: share, about: 'entries without sourceIP' },
  resourcesMissing: { shape: share, about: 'entries without resources' },
  textNumbers: { shape: share, about: 'numbers written as texts' },
  sampleStyle: { shape: share, about: 'entries as thin as the official sample' },
  hostileNames: { shape: share, about: 'login names made to break things' },
  errors: { shape: share, about: 'requests that fail' },
}

export const scenarioShape = record({
  $schema: { shape: name, about: 'ignored' },
  name: { shape: name, about: 'what the company is called', must: true },
  description: { shape: text(2000), about: 'for people' },
  timezone: {
    shape: readable('a time zone such as Europe/Berlin', {}, (zone) =>
      isTimezone(zone) ? zone : undefined,
    ),
    about: 'of all hours here',
  },
  speed: {
    shape: positive('above zero'),
    about: 'company time against wall time, after the start',
  },
  history: { shape: duration, about: 'how far back the log reaches' },
  mess: { shape: record(messKeys), about: 'how untidy entries are' },
  contracts: { shape: listOf(record(contractKeys), { min: 1 }), about: 'at least one', must: true },
})

type Written<S> = S extends Shape<infer T> ? T : never

export type WrittenScenario = Written<typeof scenarioShape>
export type WrittenContract = RecordOf<typeof contractKeys>
export type WrittenUser = RecordOf<typeof userKeys>
export type WrittenAttack = RecordOf<typeof attackKeys>
export type WrittenRoutine = RecordOf<typeof routineKeys>
export type WrittenStep = RecordOf<typeof stepKeys>
