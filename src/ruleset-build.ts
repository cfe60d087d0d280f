// Owns how the files of a rule set become its rules, and what is wrong between them: ids that exist
// twice, overrides of nothing, rules that say the same. Reads no files: ruleset-files.ts.
import { canonicalJson } from './core/canonical-json.ts'
import { type Condition, parseCondition } from './core/condition.ts'
import type { List } from './core/list.ts'
import type { Problem } from './core/problem.ts'
import { parseRule, type Rule } from './core/rule.ts'
import { applyOverride, type Override, parseOverrides } from './core/rule-override.ts'
import type { Schedule } from './core/schedule.ts'
import { isObject, pointerTo, reportError, reportWarning } from './core/shape.ts'
import { suggestName } from './core/suggest.ts'
import { reportCovered, type Written } from './ruleset-covered.ts'
import type { RuleFiles } from './ruleset-files.ts'
import { readShared, reportFaultyUse, type Shared } from './ruleset-shared.ts'
import { type Build, openSource, type Source, sourcesOf } from './ruleset-source.ts'

export type RuleSetParts = {
  /** Those of folders first, then in the order of files, lines and columns. */
  readonly problems: readonly Problem[]
  /** By id; overrides are applied. */
  readonly all: readonly Rule[]
  readonly lists: ReadonlyMap<string, List>
  readonly conditions: ReadonlyMap<string, Condition>
  /** The file of each rule by id. */
  readonly paths: ReadonlyMap<string, string>
}

export type BuildOptions = {
  readonly schedules: ReadonlyMap<string, Schedule>
  readonly nowDate?: string
}

type LoadedRule = { readonly rule: Rule; readonly source: Source }

/** Reads all parts of a rule set from the text of its files. */
export function buildParts(
  { files, problems: found }: RuleFiles,
  options: BuildOptions,
): RuleSetParts {
  const problems: Problem[] = [...found]
  const sources = files.map((file) => openSource(file, problems))
  const build: Build = { ...options, sources }
  const shared = readShared(build)
  const loaded = readRules(build, shared)
  const overrides = readOverrides(build, shared)
  const all = loaded
    .map(({ rule }) => applyOverride(rule, overrides.get(rule.id)))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
  const same = reportSame(loaded)
  reportCovered(writtenOf(all, loaded), same, { ...shared, ...build, shared: shared.conditions })
  const paths = new Map(loaded.map(({ rule, source }) => [rule.id, source.file.path]))
  const { lists, conditions } = shared
  return { problems: inOrder(problems, sources), all, lists, conditions, paths }
}

function readRules(build: Build, shared: Shared): readonly LoadedRule[] {
  const paths = new Map<string, string>()
  return sourcesOf(build, 'rule').flatMap((source) => {
    const { file, document, report } = source
    const other = paths.get(file.name)
    if (other !== undefined) {
      const message = `there is another rule ${JSON.stringify(file.name)}: ${other}`
      return reportError(report, '', message) ?? []
    }
    paths.set(file.name, file.path)
    const { schedules } = build
    const { lists, names: sharedNames } = shared
    const context = { lists, schedules, sharedNames, fileId: file.name }
    const rule = parseRule(document.value, context, report)
    if (rule === undefined) return []
    if (reportFaultyUse(treesOf(rule), shared, source)) return []
    if (rule.tests.length === 0) {
      const message = 'there is no test: nothing shows that the rule finds what it is for'
      reportWarning(report, '', message)
    }
    reportExpired(rule.exceptions, { pointer: '/exceptions', source, build })
    return [{ rule, source }]
  })
}

function treesOf({ conditions, exceptions, detect }: Rule): readonly Condition[] {
  const steps = detect?.kind === 'sequence' ? detect.steps : []
  return [conditions, ...[...exceptions, ...steps].map((part) => part.conditions)]
}

function readOverrides(build: Build, shared: Shared): ReadonlyMap<string, Override> {
  const ids = sourcesOf(build, 'rule').map(({ file }) => file.name)
  const overrides = new Map<string, Override>()
  for (const source of sourcesOf(build, 'overrides')) {
    const { document, report } = source
    const { lists, names: sharedNames } = shared
    const context = { lists, schedules: build.schedules, sharedNames }
    const read = parseOverrides(document.value, report, (value, pointer) =>
      parseCondition(value, pointer, context, report),
    )
    for (const [id, override] of read) {
      const pointer = pointerTo('', id)
      const trees = override.exceptions.map((exception) => exception.conditions)
      if (!ids.includes(id)) {
        const message = `there is no rule ${JSON.stringify(id)}${suggestName(id, ids)}`
        reportError(report, pointer, message)
      } else if (overrides.has(id)) {
        const message = `${JSON.stringify(id)} is already overridden in another file`
        reportError(report, pointer, message)
      } else if (!reportFaultyUse(trees, shared, source)) overrides.set(id, override)
      const exceptions = pointerTo(pointer, 'exceptions')
      reportExpired(override.exceptions, { pointer: exceptions, source, build })
    }
  }
  return overrides
}

type At = { readonly pointer: string; readonly source: Source; readonly build: Build }

function reportExpired(exceptions: Rule['exceptions'], { pointer, source, build }: At): void {
  const { nowDate } = build
  if (nowDate === undefined) return
  for (const [index, { name, expires }] of exceptions.entries()) {
    if (expires === undefined || expires >= nowDate) continue
    const message = `the exception ${JSON.stringify(name)} ended on ${expires}: remove it, or give it a later day`
    reportWarning(source.report, `${pointer}/${index}/expires`, message)
  }
}

/** Each rule as it is in use, with its file. */
function writtenOf(all: readonly Rule[], loaded: readonly LoadedRule[]): readonly Written[] {
  const sources = new Map(loaded.map(({ rule, source }) => [rule.id, source]))
  return all.flatMap((rule) => {
    const source = sources.get(rule.id)
    const value = source?.document.value
    return source && isObject(value) ? [{ rule, source, detect: value.detect }] : []
  })
}

/** A rule that says what another one says raises each alert twice. Returns the ids of those told. */
function reportSame(rules: readonly LoadedRule[]): ReadonlySet<string> {
  const told = new Set<string>()
  const seen = new Map<string, Rule>()
  for (const { rule, source } of rules) {
    if (rule.status === 'disabled') continue
    const written = source.document.value
    if (!isObject(written)) continue
    const key = canonicalJson({ conditions: written.conditions, detect: written.detect })
    const other = seen.get(key)
    if (other === undefined) seen.set(key, rule)
    else {
      const message = `the rule ${JSON.stringify(other.id)} has the very same conditions: both would raise an alert for the same events`
      reportWarning(source.report, '/conditions', message)
      told.add(rule.id)
    }
  }
  return told
}

function inOrder(problems: readonly Problem[], sources: readonly Source[]): readonly Problem[] {
  const order = new Map(sources.map(({ file }, index) => [file.path, index]))
  const rank = ({ file = '' }: Problem) => order.get(file) ?? -1
  return [...problems].sort(
    (a, b) =>
      rank(a) - rank(b) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  )
}
