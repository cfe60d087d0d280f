// Owns what rules of one set share: lists and named conditions. Rules themselves: ruleset-build.ts.
import { type Condition, findConditionCycles, parseCondition } from './core/condition.ts'
import { type List, parseList } from './core/list.ts'
import { isObject, pointerTo, reportError } from './core/shape.ts'
import { type Build, type Lists, type Source, sourcesOf } from './ruleset-source.ts'

export type Shared = {
  /** Those without a fault, in themselves or in what they use. */
  readonly conditions: ReadonlyMap<string, Condition>
  /** Every name there is, faulty ones included: a rule that uses one must not hear "unknown". */
  readonly names: ReadonlySet<string>
}

export function readLists(build: Build): Lists {
  const lists = new Map<string, List>()
  const paths = new Map<string, string>()
  for (const { file, document, report } of sourcesOf(build, 'list')) {
    const other = paths.get(file.name)
    if (other !== undefined) {
      reportError(report, '', `there is another list ${JSON.stringify(file.name)}: ${other}`)
      continue
    }
    paths.set(file.name, file.path)
    const list = parseList(file.name, document.value, report)
    if (list !== undefined) lists.set(file.name, list)
  }
  return lists
}

type Written = ReadonlyMap<string, { readonly value: unknown; readonly source: Source }>

export function readShared(build: Build, lists: Lists): Shared {
  const written = gatherShared(build)
  const sharedNames = new Set(written.keys())
  const context = { lists, schedules: build.schedules, sharedNames }
  const conditions = new Map<string, Condition>()
  for (const [name, { value, source }] of written) {
    const condition = parseCondition(value, pointerTo('', name), context, source.report)
    if (condition !== undefined) conditions.set(name, condition)
  }
  removeFaulty(conditions, written)
  return { conditions, names: sharedNames }
}

function gatherShared(build: Build): Written {
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
function removeFaulty(conditions: Map<string, Condition>, written: Written): void {
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
      if (source && reportFaultyUse([condition], conditions, source)) conditions.delete(name)
    }
  }
}

/** Reports each use of a shared condition that has a fault of its own; true when there is one. */
export function reportFaultyUse(
  trees: readonly Condition[],
  conditions: ReadonlyMap<string, Condition>,
  { report }: Source,
): boolean {
  const faulty = trees.flatMap(usesIn).filter(({ name }) => !conditions.has(name))
  for (const { name, pointer } of faulty) {
    const message = `the shared condition ${JSON.stringify(name)} can't be used: it has a fault of its own`
    reportError(report, pointer, message)
  }
  return faulty.length > 0
}

type Use = { readonly name: string; readonly pointer: string }

/** Each place where a tree names a shared condition. */
function usesIn(condition: Condition): readonly Use[] {
  switch (condition.kind) {
    case 'all':
    case 'any':
      return condition.children.flatMap(usesIn)
    case 'not':
      return usesIn(condition.child)
    case 'shared':
      return [{ name: condition.shared, pointer: pointerTo(condition.pointer, 'condition') }]
    case 'leaf':
      return []
  }
}
