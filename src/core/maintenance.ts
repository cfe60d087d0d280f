// Owns maintenance windows: silences that come back every week, from the configuration. Weekly
// hours, right across changes of the clock, are schedule.ts's.
import { type Matcher, matchesAlert, parseMatchers } from './alert-matcher.ts'
import type { Routable } from './route.ts'
import { parseSchedule, type Schedule } from './schedule.ts'
import {
  isObject,
  type JsonSchema,
  pointerTo,
  type Report,
  reportError,
  reportUnknownKeys,
} from './shape.ts'
import { describeFound, suggestName } from './suggest.ts'

export type MaintenanceWindow = {
  readonly name: string
  /** Empty: it is only there for routes to name in `mute`. */
  readonly matchers: readonly Matcher[]
  readonly schedule: Schedule
  readonly comment?: string
}

/** As it is written: its schedule may be the name of one that is elsewhere in the file. */
export type MaintenanceDraft = Omit<MaintenanceWindow, 'schedule'> & {
  readonly schedule: Schedule | { readonly named: string; readonly pointer: string }
}

const NAME = /^[a-z0-9][a-z0-9-]{0,39}$/
const WINDOWS_MAX = 100
const COMMENT_LENGTH_MAX = 2_000
const KEYS = ['name', 'matchers', 'schedule', 'comment']

/** Whether one of the windows is over the alert now. */
export function isInMaintenance(
  windows: readonly MaintenanceWindow[],
  alert: Routable,
  now: number,
): boolean {
  return windows.some(
    ({ matchers, schedule }) =>
      matchers.length > 0 && schedule.includes(now) && matchesAlert(matchers, alert),
  )
}

/** Reads the list `maintenance`; every fault is reported. */
export function parseMaintenance(
  value: unknown,
  pointer: string,
  report: Report,
): readonly MaintenanceDraft[] | undefined {
  if (!Array.isArray(value) || value.length > WINDOWS_MAX) {
    const expected = `expected a list of at most ${WINDOWS_MAX} windows`
    return reportError(report, pointer, `found ${describeFound(value)}, ${expected}`)
  }
  const seen = new Set<string>()
  return value.flatMap((item, index) => {
    const parsed = parseWindow(item, pointerTo(pointer, index), report)
    if (parsed === undefined) return []
    if (seen.has(parsed.name)) {
      reportError(
        report,
        `${pointer}/${index}/name`,
        `${describeFound(parsed.name)} is there twice`,
      )
    }
    seen.add(parsed.name)
    return [parsed]
  })
}

function parseWindow(
  value: unknown,
  pointer: string,
  report: Report,
): MaintenanceDraft | undefined {
  if (!isObject(value)) {
    const expected = 'expected an object with "name", "matchers" and "schedule"'
    return reportError(report, pointer, `found ${describeFound(value)}, ${expected}`)
  }
  reportUnknownKeys(value, KEYS, { pointer, report })
  const { name, comment } = value
  const isNamed = typeof name === 'string' && NAME.test(name)
  if (!isNamed) {
    const expected = 'expected a name of small letters, digits and dashes, at most 40'
    reportError(report, `${pointer}/name`, `found ${describeFound(name)}, ${expected}`)
  }
  const hasMatchers = value['matchers'] !== undefined
  const matchers = hasMatchers
    ? parseMatchers(value['matchers'], `${pointer}/matchers`, report)
    : []
  const schedule = parseWeek(value['schedule'], String(name), `${pointer}/schedule`, report)
  const isComment = typeof comment === 'string' && comment.length <= COMMENT_LENGTH_MAX
  if (comment !== undefined && !isComment) {
    const expected = `expected a text of at most ${COMMENT_LENGTH_MAX} characters`
    reportError(report, `${pointer}/comment`, `found ${describeFound(comment)}, ${expected}`)
  }
  if (!isNamed || matchers === undefined || schedule === undefined) return undefined
  return { name, matchers, schedule, ...(typeof comment === 'string' && { comment }) }
}

function parseWeek(
  value: unknown,
  name: string,
  pointer: string,
  report: Report,
): MaintenanceDraft['schedule'] | undefined {
  return typeof value === 'string'
    ? { named: value, pointer }
    : parseSchedule(name, value, pointer, report)
}

/** Puts the schedules in that windows name; an unknown name is reported. */
export function resolveMaintenance(
  drafts: readonly MaintenanceDraft[],
  schedules: ReadonlyMap<string, Schedule>,
  report: Report,
): readonly MaintenanceWindow[] {
  return drafts.flatMap((draft) => {
    const { schedule } = draft
    if (!('named' in schedule)) return [{ ...draft, schedule }]
    const found = schedules.get(schedule.named)
    if (found !== undefined) return [{ ...draft, schedule: found }]
    const hint = suggestName(schedule.named, [...schedules.keys()])
    reportError(
      report,
      schedule.pointer,
      `unknown schedule ${describeFound(schedule.named)}${hint}`,
    )
    return []
  })
}

const MATCHER_SCHEMA: JsonSchema = {
  type: 'string',
  description: 'name = value, name != value, or name =~ RE2 expression.',
  pattern: '^\\s*[A-Za-z][\\w.-]*\\s*(=~|!=|=)',
}

export const maintenanceSchema: JsonSchema = {
  type: 'array',
  maxItems: WINDOWS_MAX,
  items: {
    type: 'object',
    properties: {
      name: { type: 'string', pattern: NAME.source },
      matchers: {
        type: 'array',
        minItems: 1,
        items: MATCHER_SCHEMA,
        description: 'Which alerts it mutes: all must hold.',
      },
      schedule: {
        description: 'When: the name of a schedule, or days, hours, holidays and timezone.',
        anyOf: [{ type: 'string' }, { type: 'object' }],
      },
      comment: { type: 'string', description: 'Why.' },
    },
    required: ['name', 'schedule'],
    additionalProperties: false,
  },
}
