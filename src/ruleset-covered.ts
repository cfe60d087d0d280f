// Owns the warning about a rule that adds nothing because another one finds whatever it finds.
// When a condition implies another: core/condition-implies.ts.
import { canonicalJson } from './core/canonical-json.ts'
import {
  allReferences,
  type Formula,
  implies,
  type ImpliesContext,
  neededReferences,
  toFormula,
} from './core/condition-implies.ts'
import type { Rule } from './core/rule.ts'
import { SEVERITIES } from './core/severity.ts'
import { reportWarning } from './core/shape.ts'
import type { Source } from './ruleset-source.ts'

export type Written = {
  /** As in use: with its overrides. */
  readonly rule: Rule
  readonly source: Source
  /** `detect` as it is written in the file. */
  readonly detect: unknown
}

type Candidate = Written & {
  readonly formula: Formula
  readonly detectKey: string
  readonly exceptionsKey: string
  /** Facts that a rule covered by this one must speak of, one bit for several of them. */
  readonly needs: number
  readonly speaksOf: number
}

/** Pairs that are looked at in full; more rules than that have no one who reads warnings. */
const PAIRS_MAX = 2_000_000

/** Kinds of `detect` for which fewer events never give more detections. */
const GROWING_KINDS: readonly (string | undefined)[] = [undefined, 'threshold']

/** Warns once per rule, about the first rule that covers it; `told` have a warning already. */
export function reportCovered(
  written: readonly Written[],
  told: ReadonlySet<string>,
  context: ImpliesContext,
): void {
  const bits = new Map<string, number>()
  const candidates = written
    .filter(({ rule }) => rule.status !== 'disabled' && GROWING_KINDS.includes(rule.detect?.kind))
    .flatMap((one) => toCandidate(one, bits, context) ?? [])
  let pairs = 0
  for (const narrow of candidates) {
    if (told.has(narrow.rule.id)) continue
    const cover = candidates.find((wide) => {
      if (wide === narrow || (wide.needs & ~narrow.speaksOf) !== 0) return false
      pairs += 1
      return pairs <= PAIRS_MAX && covers(wide, narrow, context)
    })
    if (cover !== undefined) report(narrow, cover)
  }
}

function report({ source }: Written, { rule: wide }: Written): void {
  const name = JSON.stringify(wide.id)
  const message = `the rule ${name} (${wide.severity}) finds every event that this one finds: remove this one, or make ${name} narrower`
  reportWarning(source.report, '/conditions', message)
}

function toCandidate(
  written: Written,
  bits: Map<string, number>,
  context: ImpliesContext,
): Candidate | undefined {
  const { rule, detect } = written
  const formula = toFormula(rule.conditions, context)
  if (formula === undefined) return undefined
  return {
    ...written,
    formula,
    detectKey: canonicalJson(detect ?? null),
    exceptionsKey: canonicalJson(
      rule.exceptions.map(({ conditions, expires }) => [conditions.raw, expires ?? null]),
    ),
    needs: maskOf(neededReferences(formula), bits),
    speaksOf: maskOf(allReferences(formula), bits),
  }
}

/** Different facts may share a bit: then a pair is looked at in vain. */
function maskOf(references: readonly string[], bits: Map<string, number>): number {
  let mask = 0
  for (const reference of references) {
    const bit = bits.get(reference) ?? bits.size % 31
    bits.set(reference, bit)
    mask |= 1 << bit
  }
  return mask
}

/** Two that cover each other: the first one stays without a warning. */
function covers(wide: Candidate, narrow: Candidate, context: ImpliesContext): boolean {
  if (!isAsLoud(wide.rule, narrow.rule)) return false
  if (wide.detectKey !== narrow.detectKey) return false
  const excepts = wide.rule.exceptions.length > 0
  if (excepts && wide.exceptionsKey !== narrow.exceptionsKey) return false
  if (!implies(narrow.formula, wide.formula, context)) return false
  const mutual = isAsLoud(narrow.rule, wide.rule) && implies(wide.formula, narrow.formula, context)
  return !mutual || wide.rule.id < narrow.rule.id
}

/** A rule that is only tried out, or says less, does not replace one that wakes somebody. */
function isAsLoud(wide: Rule, narrow: Rule): boolean {
  if (wide.status !== 'active' && wide.status !== narrow.status) return false
  return SEVERITIES.indexOf(wide.severity) >= SEVERITIES.indexOf(narrow.severity)
}
