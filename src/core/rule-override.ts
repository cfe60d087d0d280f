// Owns what `_overrides.json` may say of rules by id, so that shipped rules are tuned without being edited.
import type { Exception } from './rule-exception.ts'
import { exceptionsShape, parseExceptions } from './rule-exception.ts'
import type { ReadCondition } from './rule-detect.ts'
import { type Rule, type RuleStatus, STATUSES } from './rule.ts'
import { SEVERITIES, type Severity } from './severity.ts'
import {
  choice,
  isObject,
  type Keys,
  pointerTo,
  record,
  type Report,
  reportError,
} from './shape.ts'
import { describeFound } from './suggest.ts'

/** What changes of one rule; its own exceptions stay, these come on top. */
export type Override = {
  readonly status?: RuleStatus
  readonly severity?: Severity
  readonly exceptions: readonly Exception[]
}

export const OVERRIDE_KEYS = {
  status: { shape: choice(STATUSES), about: "Instead of the rule's status." },
  severity: { shape: choice(SEVERITIES), about: "Instead of the rule's severity." },
  exceptions: { shape: exceptionsShape, about: "Exceptions on top of the rule's own." },
} satisfies Keys

const overrideShape = record(OVERRIDE_KEYS, 'an object with status, severity or exceptions')

/** The overrides of one file by rule id; those with a fault are reported and still returned. */
export function parseOverrides(
  value: unknown,
  report: Report,
  readCondition: ReadCondition,
): ReadonlyMap<string, Override> {
  if (!isObject(value)) {
    const expected = 'an object such as { "rule-id": { "status": "staged" } }'
    reportError(report, '', `found ${describeFound(value)}, expected ${expected}`)
    return new Map()
  }
  const overrides = new Map<string, Override>()
  for (const [id, written] of Object.entries(value)) {
    if (id === '$schema') continue
    const pointer = pointerTo('', id)
    const read = overrideShape.parse(written, pointer, report)
    if (read === undefined) continue
    const { status, severity } = read
    const at = { pointer: pointerTo(pointer, 'exceptions'), report, readCondition }
    overrides.set(id, {
      ...(status !== undefined && { status }),
      ...(severity !== undefined && { severity }),
      exceptions: parseExceptions(read.exceptions ?? [], at),
    })
  }
  return overrides
}

export function applyOverride(rule: Rule, override: Override | undefined): Rule {
  if (override === undefined) return rule
  const { exceptions, ...rest } = override
  return { ...rule, ...rest, exceptions: [...rule.exceptions, ...exceptions] }
}
