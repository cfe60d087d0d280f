// Owns what a route asks of an alert, and whether one `match` takes all that another would.
import type { Routable } from './route.ts'
import { compileGlob } from './operators/glob.ts'
import { compileSearch } from './operators/pattern.ts'
import type { Severity } from './severity.ts'

/** All that is there must hold; of a list one member has to. */
export type RouteMatch = {
  readonly severity?: readonly Severity[]
  /** Globs. */
  readonly rule?: readonly string[]
  readonly tags?: readonly string[]
  readonly contract?: readonly string[]
  /** Globs by the name of a group value. */
  readonly group?: Readonly<Record<string, readonly string[]>>
}

/** Without a `match` everything matches. */
export function matchesRoute(match: RouteMatch | undefined, alert: Routable): boolean {
  if (match === undefined) return true
  const { severity, rule, tags, contract, group } = match
  if (severity !== undefined && !severity.includes(alert.severity)) return false
  if (rule !== undefined && !rule.some((glob) => fitsGlob(glob, alert.rule.id))) return false
  if (tags !== undefined && !tags.some((tag) => alert.rule.tags.includes(tag))) return false
  if (contract !== undefined && !contract.includes(alert.contract)) return false
  return Object.entries(group ?? {}).every(([name, globs]) =>
    alert.group.some((field) => field.name === name && globs.some((g) => fitsGlob(g, field.value))),
  )
}

/** Whether whatever `narrow` takes, `wide` takes: for telling that a later route gets nothing. */
export function covers(wide: RouteMatch | undefined, narrow: RouteMatch | undefined): boolean {
  if (wide === undefined) return true
  const { severity, rule, tags, contract, group } = wide
  const inGroup = (name: string) => narrow?.group?.[name]
  return (
    includesAll(severity, narrow?.severity) &&
    // Ids of rules hold no "/", so one star takes them all.
    (rule?.includes('*') || globsCover(rule, narrow?.rule)) &&
    includesAll(tags, narrow?.tags) &&
    includesAll(contract, narrow?.contract) &&
    Object.entries(group ?? {}).every(([name, globs]) => globsCover(globs, inGroup(name)))
  )
}

/** Whether no alert can match both: what a child then asks for never comes to it. */
export function excludes(a: RouteMatch | undefined, b: RouteMatch | undefined): boolean {
  return (
    areApart(a?.severity, b?.severity) ||
    areApart(a?.contract, b?.contract) ||
    globsApart(a?.rule, b?.rule) ||
    Object.entries(a?.group ?? {}).some(([name, globs]) => globsApart(globs, b?.group?.[name]))
  )
}

const globs = new Map<string, (text: string) => boolean>()

/** Globs kept: configurations hold a few. */
const GLOBS_MAX = 1_000

export function fitsGlob(glob: string, text: string): boolean {
  const known = globs.get(glob)
  if (known !== undefined) return known(text)
  if (globs.size >= GLOBS_MAX) globs.clear()
  const fits = compileGlob(glob, compileSearch)
  globs.set(glob, fits)
  return fits(text)
}

function isLiteral(glob: string): boolean {
  return !/[*?]/.test(glob)
}

function includesAll(wide: readonly string[] | undefined, narrow: readonly string[] | undefined) {
  return wide === undefined || (narrow?.every((value) => wide.includes(value)) ?? false)
}

function globsCover(wide: readonly string[] | undefined, narrow: readonly string[] | undefined) {
  if (wide === undefined) return true
  const covered = (glob: string) =>
    wide.some((other) => other === glob || (isLiteral(glob) && fitsGlob(other, glob)))
  return narrow?.every((glob) => wide.includes('**') || covered(glob)) ?? false
}

function areApart(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  return a !== undefined && b !== undefined && !a.some((value) => b.includes(value))
}

/** Only where one side is literal this is certain; of two patterns nothing is claimed. */
function globsApart(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  if (a === undefined || b === undefined) return false
  const apart = (one: string, other: string) => {
    if (isLiteral(one)) return !fitsGlob(other, one)
    return isLiteral(other) && !fitsGlob(one, other)
  }
  return a.every((one) => b.every((other) => apart(one, other)))
}
