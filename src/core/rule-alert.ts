// Owns what `alert` may say: titles, grouping, quiet, severity steps. Raising alerts: alert-group.ts.
import type { SeverityStep } from './alert-group.ts'
import { FACT_NAMES } from './event.ts'
import { isFactName } from './fact-value.ts'
import type { Detect } from './rule-detect.ts'
import { durationShape, factNameShape } from './rule-fact.ts'
import { SEVERITIES, type Severity, severityRank } from './severity.ts'
import {
  type Keys,
  type RecordOf,
  type Report,
  choice,
  listOf,
  pointerTo,
  record,
  reportError,
  reportWarning,
  text,
  whole,
} from './shape.ts'
import { compileTemplate, type Template } from './template.ts'

/** How detections of a rule become alerts, defaults applied. */
export type AlertSpec = {
  readonly title: Template
  readonly summary?: Template
  /** Facts whose values detections of one alert share. */
  readonly groupBy: readonly string[]
  /** A detection later than this after the last one starts a new alert. */
  readonly quietMs: number
  /** An alert nobody looked at resolves itself after this; absent: never. */
  readonly resolveAfterMs?: number
  readonly severity: readonly SeverityStep[]
  /** Facts shown, in this order. */
  readonly fields: readonly string[]
  /** Facts that title and summary name. */
  readonly names: readonly string[]
}

const FIELDS_DEFAULT = ['user', 'ip', 'country', 'operation', 'resource', 'resourceId', 'contract']

const QUIET_DEFAULT_MS = 3_600_000

/** What templates may name beside facts. */
export const TEMPLATE_NAMES = ['count', 'distinct', 'first', 'last', 'rule.title'] as const

/** Longest templates: what they make must still fit into a message's header and section. */
const TITLE_LENGTH_MAX = 300
const SUMMARY_LENGTH_MAX = 2000

const WHEN_KEYS = {
  count: { shape: whole(1, 1_000_000_000), about: 'From this many events on.', must: true },
} satisfies Keys

const STEP_KEYS = {
  when: {
    shape: record(WHEN_KEYS, 'an object with "count"'),
    about: 'When it is raised.',
    must: true,
  },
  severity: { shape: choice(SEVERITIES), about: 'To what it is raised.', must: true },
} satisfies Keys

export const ALERT_KEYS = {
  title: {
    shape: text(TITLE_LENGTH_MAX),
    about:
      "Template of the alert's title, e.g. {{ user }} deleted {{ count }} resources. Default: the rule's title.",
  },
  summary: { shape: text(SUMMARY_LENGTH_MAX), about: 'Template shown under the title.' },
  groupBy: {
    shape: listOf(factNameShape('one value'), { max: 10, unique: true }),
    about:
      'Detections with the same values of these facts belong to one alert. Default: groupBy of detect, else ["user"].',
  },
  quiet: {
    shape: durationShape('zero'),
    about: 'A detection later than this after the last one starts a new alert.',
    default: '1h',
  },
  resolveAfter: {
    shape: durationShape('one second'),
    about:
      'The alert resolves itself this long after the last detection; at least quiet. Default: never.',
  },
  severity: {
    shape: listOf(record(STEP_KEYS, 'an object with "when" and "severity"'), { max: 10 }),
    about: 'Severities it is raised to as it grows.',
  },
  fields: {
    shape: listOf(factNameShape('any value'), { max: 20, unique: true }),
    about: 'Facts shown in the alert, in this order.',
    default: FIELDS_DEFAULT,
  },
} satisfies Keys

/** The shape of `alert`, its templates still as text. */
export const alertShape = record(ALERT_KEYS, 'an object with title, groupBy, quiet, …')

type AlertRecord = RecordOf<typeof ALERT_KEYS>

/** What `alert` depends on in the rest of its rule. */
export type AlertContext = {
  readonly title: string
  readonly severity: Severity
  readonly detect: Detect | undefined
  readonly report: Report
}

const POINTER = '/alert'

/** Applies defaults to what `alertShape` read, and checks it against the rest of the rule. */
export function compileAlert(read: AlertRecord | undefined, context: AlertContext): AlertSpec {
  const { detect, report } = context
  const groupBy = read?.groupBy ?? detect?.groupBy ?? ['user']
  const quietMs = read?.quiet ?? QUIET_DEFAULT_MS
  const title = compileTitle(read?.title, context)
  const summary =
    read?.summary === undefined ? undefined : compileText(read.summary, '/alert/summary', context)
  if (read?.groupBy !== undefined && detect !== undefined) {
    reportForeignGroups(read.groupBy, detect.groupBy, report)
  }
  if (read?.resolveAfter !== undefined && read.resolveAfter < quietMs) {
    const message =
      'resolveAfter is shorter than quiet: the alert would resolve while it can still grow'
    reportError(report, pointerTo(POINTER, 'resolveAfter'), message)
  }
  return {
    title,
    ...(summary !== undefined && { summary }),
    groupBy,
    quietMs,
    ...(read?.resolveAfter !== undefined && { resolveAfterMs: read.resolveAfter }),
    severity: severitySteps(read?.severity ?? [], context),
    fields: read?.fields ?? FIELDS_DEFAULT,
    names: [...new Set([...title.names, ...(summary?.names ?? [])])].filter(isFactName),
  }
}

/** The contract is part of every group, so an alert may name it though detect does not. */
function reportForeignGroups(
  groupBy: readonly string[],
  allowed: readonly string[],
  report: Report,
): void {
  for (const [index, name] of groupBy.entries()) {
    if (name === 'contract' || allowed.includes(name)) continue
    const known = allowed.length === 0 ? 'nothing' : allowed.join(', ')
    const message = `${JSON.stringify(name)} is not in groupBy of detect, which is ${known}: an alert can only group by what detections have in common`
    reportError(report, pointerTo(pointerTo(POINTER, 'groupBy'), index), message)
  }
}

function compileTitle(written: string | undefined, context: AlertContext): Template {
  if (written !== undefined) return compileText(written, '/alert/title', context)
  if (/\{\{.*\}\}/.test(context.title)) {
    const message = 'a rule\'s title is no template: put it into "title" of "alert"'
    reportError(context.report, '/title', message)
  }
  return { text: context.title, names: [], render: () => context.title }
}

function compileText(written: string, pointer: string, { detect, report }: AlertContext): Template {
  const { template, problems } = compileTemplate(written, [...FACT_NAMES, ...TEMPLATE_NAMES])
  for (const { message } of problems) reportError(report, pointer, message)
  const hasDistinct = detect?.kind === 'threshold' && detect.distinct !== undefined
  if (template.names.includes('distinct') && !hasDistinct) {
    const message =
      '{{ distinct }} prints "unknown": only a threshold with "distinct" counts values'
    reportWarning(report, pointer, message)
  }
  return template
}

function severitySteps(
  steps: NonNullable<AlertRecord['severity']>,
  { severity: base, report }: AlertContext,
): readonly SeverityStep[] {
  return steps.flatMap(({ when, severity }, index) => {
    if (when?.count === undefined || severity === undefined) return []
    if (severityRank(severity) <= severityRank(base)) {
      const message = `${severity} is not above the rule's own severity ${base}: this step does nothing`
      const pointer = `/alert/severity/${index}/severity`
      reportWarning(report, pointer, message)
    }
    return [{ count: when.count, severity }]
  })
}
