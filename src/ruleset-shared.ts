// Owns what rules of one set share: lists and named conditions. Rules themselves: ruleset-build.ts.
import { type Condition, parseCondition } from './core/condition.ts'
import { findConditionCycles } from './core/condition-cycles.ts'
import { type List, parseList } from './core/list.ts'
import { isObject, pointerTo, reportError } from './core/shape.ts'
import { type Build, type Source, sourcesOf } from './ruleset-source.ts'

export type Shared = {
  /** By name. Those with a fault are there, but empty: what names them must not hear "unknown". */
  readonly lists: ReadonlyMap<string, List>
  readonly faultyLists: ReadonlySet<string>
  /** The conditions without a fault, in themselves or in what they use. */
  readonly conditions: ReadonlyMap<string, Condition>
  /** The names of all shared conditions, faulty ones included. */
  readonly names: ReadonlySet<string>
}

export function readShared(build: Build): Shared {
  const lists = readLists(build)
  const written = gatherConditions(build)
  const sharedNames = new Set(written.keys())
  const context = { lists: lists.lists, schedules: build.schedules, sharedNames }
  const conditions = new Map<string, Condition>()
  for (const [name, { value, source }] of written) {
    const condition = parseCondition(value, pointerTo('', name), context, source.report)
    if (condition !== undefined) conditions.set(name, condition)
  }
  const shared = { ...lists, conditions, names: sharedNames }
  removeFaulty(conditions, written, shared)
  return shared
}

function readLists(build: Build): Pick<Shared, 'lists' | 'faultyLists'> {
  const lists = new Map<string, List>()
  const faultyLists = new Set<string>()
  const paths = new Map<string, string>()
  for (const { file, document, report } of build.sources) {
    if (file.role !== 'list') continue
    const { name, path } = file
    const other = paths.get(name)
    if (other !== undefined) {
      reportError(report, '', `there is another list ${JSON.stringify(name)}: ${other}`)
      continue
    }
    paths.set(name, path)
    const isJson = document.problems.length === 0
    const list = isJson ? parseList(name, document.value, report) : undefined
    if (list === undefined) faultyLists.add(name)
    lists.set(name, list ?? emptyList(name))
  }
  return { lists, faultyLists }
}

function emptyList(name: string): List {
  return { name, kind: 'values', description: undefined, size: 0, values: [], has: () => false }
}

type Written = ReadonlyMap<string, { readonly value: unknown; readonly source: Source }>

function gatherConditions(build: Build): Written {
  const written = new Map<string, { readonly value: unknown; readonly source: Source }>()
  for (const source of sourcesOf(build, 'conditions')) {
    const { value } = source.document
    if (!isObject(value)) {
      reportError(source.report, '', 'expected an object of names and their conditions')
      continue
    }
    for (const [name, condition] of Object.entries(value)) {
      if (name === '$schema') continue
      const other = written.get(name)
      if (other === undefined) written.set(name, { value: condition, source })
      else {
        const message = `there is another condition ${JSON.stringify(name)}: ${other.source.file.path}`
        reportError(source.report, pointerTo('', name), message)
      }
    }
  }
  return written
}

/** Takes out conditions in a circle and those that use one with a fault, until none is left. */
function removeFaulty(conditions: Map<string, Condition>, written: Written, shared: Shared): void {
  const sourceOf = (name: string) => written.get(name)?.source
  const circular = findConditionCycles(conditions, (problem) => {
    const [, segment = ''] = problem.pointer.split('/')
    sourceOf(segment.replaceAll('~1', '/').replaceAll('~0', '~'))?.report(problem)
  })
  for (const name of circular) conditions.delete(name)
  for (let before = -1; before !== conditions.size; ) {
    before = conditions.size
    for (const [name, condition] of conditions) {
      const source = sourceOf(name)
      if (source && reportFaultyUse([condition], shared, source)) conditions.delete(name)
    }
  }
}

/** Reports each use of a list or a shared condition with a fault of its own; true if there is one. */
export function reportFaultyUse(
  trees: readonly Condition[],
  shared: Shared,
  { report }: Source,
): boolean {
  const faulty = trees
    .flatMap(usesIn)
    .filter(({ kind, name }) =>
      kind === 'list' ? shared.faultyLists.has(name) : !shared.conditions.has(name),
    )
  for (const { kind, name, pointer } of faulty) {
    const what = kind === 'list' ? 'list' : 'shared condition'
    const message = `the ${what} ${JSON.stringify(name)} can't be used: it has a fault of its own`
    reportError(report, pointer, message)
  }
  return faulty.length > 0
}

type Use = {
  readonly kind: 'condition' | 'list'
  readonly name: string
  readonly pointer: string
}

/** Each place where a tree names a shared condition or a list. */
function usesIn(condition: Condition): readonly Use[] {
  if (condition.kind === 'not') return usesIn(condition.child)
  if (condition.kind === 'shared') {
    const pointer = pointerTo(condition.pointer, 'condition')
    return [{ kind: 'condition', name: condition.shared, pointer }]
  }
  if (condition.kind !== 'leaf') return condition.children.flatMap(usesIn)
  if (condition.comparison.operator.name !== 'inList') return []
  const pointer = pointerTo(condition.pointer, 'value')
  // Behind "someValue:" the value is a list of names.
  const names: readonly unknown[] = [condition.value].flat()
  return names.flatMap((name) =>
    typeof name === 'string' ? [{ kind: 'list', name, pointer }] : [],
  )
}
