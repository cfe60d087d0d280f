// Owns what a rule is and how one is read from JSON, every fault at once. Files: ruleset.ts; its
// parts: condition.ts, rule-detect.ts, rule-alert.ts, rule-test-parse.ts.
import type { AlertRule } from './alert.ts'
import { type Condition, type ConditionContext, parseCondition } from './condition.ts'
import { type AlertSpec, alertShape, compileAlert } from './rule-alert.ts'
import { type Detect, parseDetect } from './rule-detect.ts'
import { type Exception, exceptionsShape, parseExceptions } from './rule-exception.ts'
import { reportTags } from './rule-tags.ts'
import type { RuleTest } from './rule-test.ts'
import { parseTests, testsSchema } from './rule-test-parse.ts'
import { SEVERITIES, type Severity } from './severity.ts'
import {
  type Keys,
  type RecordOf,
  type Report,
  anything,
  choice,
  listOf,
  readable,
  record,
  reportError,
  text,
} from './shape.ts'

export const STATUSES = ['active', 'staged', 'disabled'] as const

/** `staged` runs and records but notifies nobody; `disabled` doesn't run. */
export type RuleStatus = (typeof STATUSES)[number]

/** A rule that loaded without an error; durations are ms, defaults are applied. */
export type Rule = AlertRule & {
  readonly severity: Severity
  readonly status: RuleStatus
  readonly conditions: Condition
  readonly exceptions: readonly Exception[]
  readonly detect?: Detect
  readonly alert: AlertSpec
  readonly tests: readonly RuleTest[]
}

export type RuleContext = ConditionContext & {
  /** The file's name without `.json`, which the id must equal; absent: any id will do. */
  readonly fileId?: string
}

const ID = /^[a-z0-9][a-z0-9-]{0,79}$/
const TITLE_LENGTH_MAX = 120
const TEXT_LENGTH_MAX = 10_000
const TEXTS_MAX = 100

const id = readable(
  'an id of small letters, digits and "-", at most 80 characters',
  { pattern: ID.source },
  (value) => (isRuleId(value) ? value : undefined),
)

const condition = anything('a condition tree', { $ref: '#/definitions/condition' })
const texts = listOf(text(TEXT_LENGTH_MAX), { max: TEXTS_MAX })

/** Every key of a rule; the loader, the JSON Schema and `rules new` follow it. */
export const RULE_KEYS = {
  $schema: { shape: anything('the schema', { type: 'string' }), about: 'For editors; ignored.' },
  id: { shape: id, about: "The file's name without .json.", must: true },
  title: { shape: text(TITLE_LENGTH_MAX), about: 'What a responder reads first.', must: true },
  description: { shape: text(TEXT_LENGTH_MAX), about: 'Why this matters.' },
  severity: { shape: choice(SEVERITIES), about: 'How bad it is.', must: true },
  status: {
    shape: choice(STATUSES),
    about: 'staged runs and records but notifies nobody; disabled does not run.',
    default: 'active',
  },
  tags: {
    shape: listOf(text(100), { max: TEXTS_MAX }),
    about: 'Free words; attack.* are MITRE ATT&CK ids, e.g. attack.impact or attack.t1485.',
  },
  references: { shape: texts, about: 'Where to read more; shown in the alert.' },
  falsePositives: { shape: texts, about: 'What else it may be; shown in the alert.' },
  runbook: { shape: text(TEXT_LENGTH_MAX), about: 'What to do, as text or a URL.' },
  conditions: { shape: condition, about: 'Which events match.', must: true },
  exceptions: {
    shape: exceptionsShape,
    about: 'Events for which one of these holds do not match.',
  },
  detect: {
    shape: anything('what makes matches a detection', { $ref: '#/definitions/detect' }),
    about: 'What makes matches a detection. Absent: every match is one.',
  },
  alert: { shape: alertShape, about: 'How detections become alerts.' },
  tests: { shape: anything('a list of tests', testsSchema), about: 'Run on every reload.' },
} satisfies Keys

const ruleShape = record(RULE_KEYS, 'a rule as an object')

/** Reads one rule; undefined when an error was reported. Warnings don't keep it out. */
export function parseRule(value: unknown, context: RuleContext, report: Report): Rule | undefined {
  let faulty = false
  const counted: Report = (problem) => {
    if (problem.level === 'error') faulty = true
    report(problem)
  }
  const read = ruleShape.parse(value, '', counted)
  const rule = read === undefined ? undefined : readRule(read, context, counted)
  return faulty ? undefined : rule
}

function readRule(
  read: RecordOf<typeof RULE_KEYS>,
  context: RuleContext,
  report: Report,
): Rule | undefined {
  const { title = '', severity = 'info' } = read
  const readCondition = (value: unknown, pointer: string) =>
    parseCondition(value, pointer, context, report)
  reportId(read.id, context.fileId, report)
  reportTags(read.tags ?? [], report)
  const conditions =
    read.conditions === undefined ? undefined : readCondition(read.conditions, '/conditions')
  const exceptions = parseExceptions(read.exceptions ?? [], {
    pointer: '/exceptions',
    report,
    readCondition,
  })
  const detect =
    read.detect === undefined
      ? undefined
      : parseDetect(read.detect, { pointer: '/detect', report, readCondition })
  const alert = compileAlert(read.alert, { title, severity, detect, report })
  const tests = read.tests === undefined ? [] : parseTests(read.tests, '/tests', report)
  if (read.id === undefined || conditions === undefined) return undefined
  return {
    id: read.id,
    title,
    ...(read.description !== undefined && { description: read.description }),
    severity,
    status: read.status ?? 'active',
    tags: read.tags ?? [],
    references: read.references ?? [],
    falsePositives: read.falsePositives ?? [],
    ...(read.runbook !== undefined && { runbook: read.runbook }),
    conditions,
    exceptions,
    ...(detect !== undefined && { detect }),
    alert,
    tests,
  }
}

/** Small letters, digits and dashes: it becomes a file name, a metric label and a key. */
export function isRuleId(value: string): boolean {
  return ID.test(value)
}

/** Whether the rule runs. */
export function isRunning(rule: Pick<Rule, 'status'>): boolean {
  return rule.status !== 'disabled'
}

function reportId(found: string | undefined, fileId: string | undefined, report: Report): void {
  if (found === undefined || fileId === undefined || found === fileId) return
  const message = `the id is ${JSON.stringify(found)}, but the file is called ${fileId}.json: they must be the same`
  reportError(report, '/id', message)
}
