// Owns how a tree of routes is written in the configuration. Whether it makes sense as a whole:
// route-check.ts.
import { parseDuration } from './duration.ts'
import type { Escalation, Route } from './route.ts'
import type { RouteMatch } from './route-match.ts'
import { durationShape } from './rule-fact.ts'
import { SEVERITIES, type Severity, severityRank } from './severity.ts'
import {
  choice,
  flag,
  isObject,
  type Keys,
  listOf,
  pointerTo,
  type RecordOf,
  record,
  reportError,
  type Report,
  type Shape,
  text,
} from './shape.ts'
import { describeFound } from './suggest.ts'

const NAME_LENGTH_MAX = 200
const LIST_MAX = 100
const STAGES_MAX = 10
/** Routes within routes; deeper ones nobody follows any more. */
const DEPTH_MAX = 10

const name = text(NAME_LENGTH_MAX)
const names = listOf(name, { max: LIST_MAX, unique: true })

/** One text, or a list of which one must fit. */
const oneOrMore: Shape<readonly string[]> = {
  expected: 'a text or a list of texts',
  schema: { anyOf: [name.schema, { ...names.schema, minItems: 1 }] },
  parse(value, pointer, report) {
    if (Array.isArray(value)) {
      return listOf(name, { min: 1, max: LIST_MAX, unique: true }).parse(value, pointer, report)
    }
    const one = name.parse(value, pointer, report)
    return one === undefined ? undefined : [one]
  },
}

const COMPARISONS: Readonly<Record<string, (rank: number, than: number) => boolean>> = {
  '>=': (rank, than) => rank >= than,
  '<=': (rank, than) => rank <= than,
  '>': (rank, than) => rank > than,
  '<': (rank, than) => rank < than,
  '': (rank, than) => rank === than,
}

/** `">=high"`, `"high"`, or a list. */
export const severitiesShape: Shape<readonly Severity[]> = {
  expected: '">=high", a severity, or a list of severities',
  schema: {
    anyOf: [
      { type: 'string', pattern: `^(>=|<=|>|<)?(${SEVERITIES.join('|')})$` },
      { type: 'array', items: { enum: SEVERITIES }, minItems: 1 },
    ],
  },
  parse(value, pointer, report) {
    if (Array.isArray(value)) {
      return listOf(choice(SEVERITIES), { min: 1, unique: true }).parse(value, pointer, report)
    }
    const [, comparison = '', than] = /^(>=|<=|>|<)?\s*([a-z]+)$/.exec(String(value)) ?? []
    const severity = SEVERITIES.find((candidate) => candidate === than)
    const holds = COMPARISONS[comparison]
    if (typeof value !== 'string' || severity === undefined || holds === undefined) {
      const expected = `expected ${severitiesShape.expected}: ${SEVERITIES.join(', ')}`
      return reportError(report, pointer, `found ${describeFound(value)}, ${expected}`)
    }
    const wanted = SEVERITIES.filter((one) => holds(severityRank(one), severityRank(severity)))
    if (wanted.length > 0) return wanted
    return reportError(report, pointer, `no severity is ${describeFound(value)}`)
  },
}

const group: Shape<Readonly<Record<string, readonly string[]>>> = {
  expected: 'an object of globs by the name of a group value, such as { "user": "svc-*" }',
  schema: { type: 'object', additionalProperties: oneOrMore.schema },
  parse(value, pointer, report) {
    if (!isObject(value)) {
      return reportError(
        report,
        pointer,
        `found ${describeFound(value)}, expected ${group.expected}`,
      )
    }
    const read = Object.entries(value).map(([key, globs]) => [
      key,
      oneOrMore.parse(globs, pointerTo(pointer, key), report) ?? [],
    ])
    return Object.fromEntries(read) as Record<string, readonly string[]>
  },
}

const MATCH_KEYS = {
  severity: { shape: severitiesShape, about: 'At least, at most, or one of a list.' },
  rule: { shape: oneOrMore, about: 'Id of the rule; a glob such as "ionos-*".' },
  tags: { shape: oneOrMore, about: "One of the rule's tags." },
  contract: { shape: oneOrMore, about: 'Number of the contract.' },
  group: { shape: group, about: 'Globs of values the alert groups by.' },
} satisfies Keys

/** A duration, or `"off"`. */
const repeat: Shape<number> = {
  expected: 'a duration such as "4h", or "off"',
  schema: { anyOf: [{ const: 'off' }, durationShape('one second').schema] },
  parse(value, pointer, report) {
    if (value === 'off' || value === '0') return 0
    const ms = parseDuration(value)
    if (ms !== undefined) return ms
    const found = describeFound(value)
    return reportError(report, pointer, `found ${found}, expected ${repeat.expected}`)
  },
}

const ESCALATE_KEYS = {
  after: {
    shape: durationShape('one second'),
    about: 'So long after it was first told.',
    must: true,
  },
  receivers: { shape: names, about: 'Who is told then.', must: true },
} satisfies Keys

const ROUTE_KEYS = {
  match: {
    shape: record(MATCH_KEYS, 'an object such as { "severity": ">=high" }'),
    about: 'Which alerts take this route: all of it must hold. Absent: all do.',
  },
  receivers: { shape: names, about: 'Who is told. Absent: those of the route above.' },
  continue: {
    shape: flag,
    about:
      "Later routes beside it are tried as well; on the root, its own receivers are told beside its routes'.",
    default: false,
  },
  repeat: {
    shape: repeat,
    about: 'Reminder of what is open and not acknowledged. Default: 24h for high and critical.',
  },
  escalate: {
    shape: listOf(record(ESCALATE_KEYS, 'an object with "after" and "receivers"'), {
      max: STAGES_MAX,
    }),
    about: 'Who else is told when nobody acknowledges.',
  },
  mute: { shape: names, about: 'Schedules or maintenance windows in which it tells nobody.' },
  sendResolved: {
    shape: flag,
    about: 'Whether the end of an alert is told. Default: to receivers that keep a state.',
  },
  resolveAfter: {
    shape: durationShape('one second'),
    about: "Alerts resolve themselves so long after their last event; a rule's own goes first.",
  },
} satisfies Keys

/** Keys that a route hands on to routes below it have no default here. */
export const routeShape: Shape<Route> = {
  expected: 'a route as an object',
  schema: { $ref: '#/definitions/route' },
  parse: (value, pointer, report) => parseRoute(value, pointer, report, 0),
}

export const routeDefinition = {
  ...record({
    ...ROUTE_KEYS,
    routes: {
      shape: listOf(routeShape, { max: LIST_MAX }),
      about: 'Routes below it: the first that matches.',
    },
  }).schema,
}

function parseRoute(
  value: unknown,
  pointer: string,
  report: Report,
  depth: number,
): Route | undefined {
  if (!isObject(value)) {
    const expected = 'expected a route as an object'
    return reportError(report, pointer, `found ${describeFound(value)}, ${expected}`)
  }
  if (depth > DEPTH_MAX) {
    return reportError(report, pointer, `routes more than ${DEPTH_MAX} deep are not allowed`)
  }
  const below: Shape<Route> = {
    ...routeShape,
    parse: (child, at, to) => parseRoute(child, at, to, depth + 1),
  }
  const routes = { shape: listOf(below, { max: LIST_MAX }), about: '' }
  const read = record({ ...ROUTE_KEYS, routes }, 'a route as an object').parse(
    value,
    pointer,
    report,
  )
  return read === undefined ? undefined : routeOf(read, read.routes)
}

function routeOf(read: RecordOf<typeof ROUTE_KEYS>, routes: readonly Route[] | undefined): Route {
  const { match, receivers, escalate, mute, sendResolved } = read
  return {
    ...(match !== undefined && { match: matchOf(match) }),
    ...(receivers !== undefined && { receivers }),
    ...(read.continue !== undefined && { continue: read.continue }),
    ...(read.repeat !== undefined && { repeatMs: read.repeat }),
    ...(escalate !== undefined && { escalate: stagesOf(escalate) }),
    ...(mute !== undefined && { mute }),
    ...(sendResolved !== undefined && { sendResolved }),
    ...(read.resolveAfter !== undefined && { resolveAfterMs: read.resolveAfter }),
    ...(routes !== undefined && { routes }),
  }
}

function matchOf(match: RecordOf<typeof MATCH_KEYS>): RouteMatch {
  const known = Object.entries(match).filter(([, value]) => value !== undefined)
  return Object.fromEntries(known)
}

function stagesOf(stages: readonly RecordOf<typeof ESCALATE_KEYS>[]): readonly Escalation[] {
  return stages.flatMap(({ after, receivers }) =>
    after === undefined || receivers === undefined ? [] : [{ afterMs: after, receivers }],
  )
}
