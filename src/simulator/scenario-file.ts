// Owns reading a scenario's text: every fault at once, each with its line. Its keys: scenario-keys.ts.
import { findNodeAtLocation, getNodeValue, parseTree, printParseErrorCode } from 'jsonc-parser'
import type { Node, ParseError } from 'jsonc-parser'
import type { Problem } from '../core/problem.ts'
import { missing, reportError } from '../core/shape.ts'
import type { Report } from '../core/shape.ts'
import { describeFound } from '../core/suggest.ts'
import type { Scenario } from './scenario.ts'
import { toScenario } from './scenario-defaults.ts'
import { scenarioShape, SPEED_MAX } from './scenario-keys.ts'
import type { WrittenAttack, WrittenScenario } from './scenario-keys.ts'

export type ParsedScenario =
  | { readonly scenario: Scenario; readonly problems: readonly [] }
  | { readonly scenario?: undefined; readonly problems: readonly Problem[] }

/** Problems told at once: more only hide the first ones. */
const PROBLEMS_MAX = 100

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
  const faulty = problems.map(({ pointer }) => `${pointer}/`)
  const isFaulty = (pointer: string) => faulty.some((place) => place.startsWith(`${pointer}/`))
  if (written !== undefined) checkWhole(written, { report, isFaulty })
  if (written === undefined || problems.length > 0) return { problems }
  return { scenario: toScenario(written), problems: [] }
}

/** What no single key can tell: names used twice, speeds beyond reason, times that contradict. */
function checkWhole(
  written: WrittenScenario,
  {
    report,
    isFaulty,
  }: { readonly report: Report; readonly isFaulty: (pointer: string) => boolean },
): void {
  if (written.speed !== undefined && written.speed > SPEED_MAX) {
    reportError(report, '/speed', `found ${written.speed}, expected at most ${SPEED_MAX}`)
  }
  const contracts = written.contracts ?? []
  checkUnique(contracts, { key: 'number', pointer: '/contracts', report })
  for (const [index, contract] of contracts.entries()) {
    const pointer = `/contracts/${index}`
    checkUnique(contract.users ?? [], { key: 'name', pointer: `${pointer}/users`, report })
    checkUnique(contract.routines ?? [], { key: 'name', pointer: `${pointer}/routines`, report })
    const attacks = contract.attacks ?? []
    checkUnique(attacks, { key: 'name', pointer: `${pointer}/attacks`, report })
    for (const [at, attack] of attacks.entries()) {
      const place = `${pointer}/attacks/${at}`
      if (!isFaulty(place)) checkWhen(attack, place, report)
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

function checkWhen(attack: WrittenAttack, pointer: string, report: Report): void {
  const { at, after, every } = attack
  if (at === undefined && after === undefined && every === undefined) {
    reportError(report, pointer, missing('every', 'one of "at", "after" and "every"'))
  }
  if (at !== undefined && (after !== undefined || every !== undefined)) {
    reportError(report, pointer, '"at" is one time: it can\'t stand beside "after" or "every"')
  }
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
