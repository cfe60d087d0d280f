// Owns reading a scenario's text: every fault at once, each with its line. What it holds: scenario.ts.
import { findNodeAtLocation, parseTree, printParseErrorCode } from 'jsonc-parser'
import type { Node, ParseError } from 'jsonc-parser'
import { getNodeValue } from 'jsonc-parser'
import { createCalendar, isTimezone } from '../core/calendar.ts'
import { parseDuration } from '../core/duration.ts'
import type { Weekday } from '../core/event.ts'
import type { Problem } from '../core/problem.ts'
import {
  choice,
  flag,
  isObject,
  listOf,
  missing,
  pointerTo,
  positive,
  readable,
  record,
  reportError,
  text,
  whole,
} from '../core/shape.ts'
import type { RecordOf, Report, Shape } from '../core/shape.ts'
import { describeFound, suggestName } from '../core/suggest.ts'
import { ACTIVITY_NAMES } from './activities.ts'
import type { ActivityName } from './activities.ts'
import { parseDays, parseHours } from './company-time.ts'
import { HISTORY_MS_DEFAULT, MESS } from './scenario.ts'
import type { Attack, Contract, Habit, Mess, Scenario, Step, User } from './scenario.ts'

export type ParsedScenario =
  | { readonly scenario: Scenario; readonly problems: readonly [] }
  | { readonly scenario?: undefined; readonly problems: readonly Problem[] }

/** Company time a thousand times as fast: a day in 86 s. Beyond, working hours blur. */
const SPEED_MAX = 1000
const TIMES_MAX = 1000
const NAME_LENGTH_MAX = 300
const PROBLEMS_MAX = 100

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
      return parsed === undefined ? undefined : { activity: known as ActivityName, weight: parsed }
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
}

const stepKeys = {
  do: { shape: activity, about: 'activity', must: true },
  after: { shape: duration, about: 'since the step before' },
  times: { shape: whole(1, TIMES_MAX), about: 'how often' },
  gap: { shape: duration, about: 'between these times' },
  refused: { shape: whole(400, 599), about: 'HTTP status when it is refused' },
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

const scenarioShape = record({
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

/** A scenario's text (JSON, comments allowed) as a scenario, or all its problems with their lines. */
export function parseScenario(source: string, file?: string): ParsedScenario {
  const errors: ParseError[] = []
  const root = parseTree(source, errors, { allowTrailingComma: true })
  if (root === undefined || errors.length > 0) return { problems: syntax(source, errors, file) }

  const problems: Problem[] = []
  const report: Report = (problem) => {
    if (problems.length < PROBLEMS_MAX) problems.push(locate(problem, { source, root, file }))
  }
  const written = scenarioShape.parse(getNodeValue(root), '', report)
  if (written !== undefined) checkWhole(written, report)
  if (written === undefined || problems.length > 0) return { problems }
  return { scenario: toScenario(written), problems: [] }
}

/** What no single key can tell: names used twice, speeds beyond reason, times that contradict. */
function checkWhole(written: Written<typeof scenarioShape>, report: Report): void {
  if (written.speed !== undefined && written.speed > SPEED_MAX) {
    reportError(report, '/speed', `found ${written.speed}, expected at most ${SPEED_MAX}`)
  }
  const contracts = written.contracts ?? []
  checkUnique(contracts, { key: 'number', pointer: '/contracts', report })
  for (const [index, contract] of contracts.entries()) {
    const pointer = `/contracts/${index}`
    checkUnique(contract.users ?? [], { key: 'name', pointer: `${pointer}/users`, report })
    const attacks = contract.attacks ?? []
    checkUnique(attacks, { key: 'name', pointer: `${pointer}/attacks`, report })
    for (const [at, attack] of attacks.entries()) {
      checkWhen(attack, `${pointer}/attacks/${at}`, report)
    }
  }
}

function checkUnique<K extends string>(
  list: readonly { readonly [key in K]: string | undefined }[],
  { key, pointer, report }: { key: K; pointer: string; report: Report },
): void {
  const seen = new Set<string>()
  for (const [index, item] of list.entries()) {
    const value = item[key]
    if (value === undefined) continue
    if (seen.has(value)) {
      reportError(report, `${pointer}/${index}/${key}`, `${describeFound(value)} is there twice`)
    }
    seen.add(value)
  }
}

function checkWhen(attack: RecordOf<typeof attackKeys>, pointer: string, report: Report): void {
  const { at, after, every } = attack
  if (at === undefined && after === undefined && every === undefined) {
    reportError(report, pointer, missing('every', 'one of "at", "after" and "every"'))
  }
  if (at !== undefined && (after !== undefined || every !== undefined)) {
    reportError(report, pointer, '"at" is one time: it can\'t stand beside "after" or "every"')
  }
}

function toScenario(written: Written<typeof scenarioShape>): Scenario {
  return {
    name: written.name ?? '',
    calendar: createCalendar(written.timezone ?? 'UTC'),
    speed: written.speed ?? 1,
    historyMs: written.history ?? HISTORY_MS_DEFAULT,
    mess: { ...MESS, ...defined(written.mess ?? {}) },
    contracts: (written.contracts ?? []).map(toContract),
  }
}

function toContract(written: RecordOf<typeof contractKeys>): Contract {
  return {
    number: written.number ?? '',
    headerNeeded: written.headerNeeded ?? false,
    dataCenters: written.dataCenters ?? 3,
    users: (written.users ?? []).map(toUser),
    attacks: (written.attacks ?? []).map(toAttack),
  }
}

const ALL_DAYS: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const WORKDAYS: readonly Weekday[] = ALL_DAYS.slice(0, 5)

function toUser(written: RecordOf<typeof userKeys>): User {
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
  }
}

function toAttack(written: RecordOf<typeof attackKeys>): Attack {
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

function toStep(written: RecordOf<typeof stepKeys>): Step {
  return {
    activity: written.do ?? 'read',
    afterMs: written.after ?? 0,
    times: written.times ?? 1,
    gapMs: written.gap ?? GAP_MS_DEFAULT,
    refused: written.refused,
  }
}

function defined(written: Partial<Record<keyof Mess, number | undefined>>): Partial<Mess> {
  const known = Object.entries(written).filter(([, value]) => value !== undefined)
  return Object.fromEntries(known) as Partial<Mess>
}

type Place = { readonly source: string; readonly root: Node; readonly file: string | undefined }

function syntax(source: string, errors: readonly ParseError[], file?: string): readonly Problem[] {
  if (errors.length === 0) {
    return [{ level: 'error', pointer: '', message: 'the file is empty, expected a scenario' }]
  }
  return errors.slice(0, PROBLEMS_MAX).map(({ error, offset }) => ({
    level: 'error',
    pointer: '',
    message: `not readable as JSON here: ${printParseErrorCode(error)}`,
    ...position(source, offset),
    ...(file !== undefined && { file }),
  }))
}

/** Adds the line of the pointer, or of the nearest thing around it that is there. */
function locate(problem: Problem, { source, root, file }: Place): Problem {
  const path = problem.pointer.split('/').slice(1).map(unescape)
  let node: Node | undefined
  for (let length = path.length; node === undefined && length >= 0; length -= 1) {
    node = findNodeAtLocation(root, path.slice(0, length))
  }
  const offset = (node?.parent?.type === 'property' ? node.parent : node)?.offset ?? 0
  return { ...problem, ...position(source, offset), ...(file !== undefined && { file }) }
}

function unescape(part: string): string | number {
  const plain = part.replaceAll('~1', '/').replaceAll('~0', '~')
  return /^\d+$/.test(plain) ? Number(plain) : plain
}

function position(source: string, offset: number): { line: number; column: number } {
  const before = source.slice(0, offset).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}
