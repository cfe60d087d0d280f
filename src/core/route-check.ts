// Owns what is wrong with a tree of routes as a whole: names nobody has, routes nothing reaches, and
// routes no one hears. Reading it: route-shape.ts.
import type { Problem } from './problem.ts'
import type { Route } from './route.ts'
import { covers, excludes, type RouteMatch } from './route-match.ts'
import { type Report, reportError, reportWarning } from './shape.ts'
import { describeFound, suggestName } from './suggest.ts'

export type RouteNames = {
  readonly receivers: readonly string[]
  /** Schedules and maintenance windows. */
  readonly mutes: readonly string[]
}

const POINTER = '/route'

/** Every fault of the tree, each at its place. */
export function checkRoutes(root: Route, names: RouteNames): readonly Problem[] {
  const problems: Problem[] = []
  const report: Report = (problem) => problems.push(problem)
  if (root.match !== undefined) {
    const instead = 'put it into a route below, under "routes"'
    reportError(report, `${POINTER}/match`, `the root takes every alert: ${instead}`)
  }
  const used = new Set<string>()
  const walk: Walk = { names, report, used }
  checkRoute(root, { pointer: POINTER, above: [], heard: undefined }, walk)
  for (const receiver of names.receivers) {
    if (used.has(receiver)) continue
    reportWarning(report, POINTER, `no route leads to the receiver ${describeFound(receiver)}`)
  }
  return problems
}

type Walk = {
  readonly names: RouteNames
  readonly report: Report
  /** Receivers that some route names. */
  readonly used: Set<string>
}

type Place = {
  readonly pointer: string
  /** What routes above asked for. */
  readonly above: readonly RouteMatch[]
  /** Receivers inherited; undefined: none above named any. */
  readonly heard: readonly string[] | undefined
}

function checkRoute(route: Route, place: Place, walk: Walk): void {
  checkNames(route, place.pointer, walk)
  checkMatch(route.match, place, walk.report)
  const heard = route.receivers ?? place.heard
  checkHeard(route, heard, place.pointer, walk.report)
  const above = route.match === undefined ? place.above : [...place.above, route.match]
  const children = route.routes ?? []
  for (const [index, child] of children.entries()) {
    const pointer = `${place.pointer}/routes/${index}`
    const earlier = children.slice(0, index).findIndex((one) => hides(one, child))
    if (earlier >= 0) {
      const by = `${place.pointer}/routes/${earlier}`
      const remedy = 'move it up, or let the other one "continue"'
      reportError(walk.report, pointer, `no alert gets here: ${by} takes all of them; ${remedy}`)
    }
    checkRoute(child, { pointer, above, heard }, walk)
  }
}

function hides(earlier: Route, later: Route): boolean {
  return !earlier.continue && covers(earlier.match, later.match)
}

function checkNames(route: Route, pointer: string, { names, report, used }: Walk): void {
  const check = (found: readonly string[] | undefined, at: string, kind: 'receiver' | 'mute') => {
    const known = kind === 'receiver' ? names.receivers : names.mutes
    for (const [index, name] of (found ?? []).entries()) {
      if (kind === 'receiver') used.add(name)
      if (known.includes(name)) continue
      const what = kind === 'receiver' ? 'receiver' : 'schedule or maintenance window'
      const hint = known.length === 0 ? ': there is none' : suggestName(name, known)
      reportError(report, `${at}/${index}`, `unknown ${what} ${describeFound(name)}${hint}`)
    }
  }
  check(route.receivers, `${pointer}/receivers`, 'receiver')
  check(route.mute, `${pointer}/mute`, 'mute')
  for (const [index, { receivers }] of (route.escalate ?? []).entries()) {
    const at = `${pointer}/escalate/${index}/receivers`
    check(receivers, at, 'receiver')
    if (receivers.length === 0) reportError(report, at, 'this stage tells nobody: name a receiver')
  }
}

function checkMatch(match: RouteMatch | undefined, place: Place, report: Report): void {
  if (place.above.some((above) => excludes(above, match))) {
    const message = 'no alert gets here: a route above asks for something else'
    reportError(report, `${place.pointer}/match`, message)
  }
}

/** A route whose alerts nobody hears of; an empty list says that this is meant. */
function checkHeard(
  route: Route,
  heard: readonly string[] | undefined,
  pointer: string,
  report: Report,
): void {
  const children = route.routes ?? []
  const takesAll = children.some((child) => covers(child.match, undefined))
  if (takesAll && !route.continue) return
  if (route.receivers?.length === 0) {
    if (children.length > 0) return
    reportWarning(report, `${pointer}/receivers`, 'alerts of this route are told to nobody')
  } else if (heard === undefined) {
    const who = children.length > 0 ? 'alerts that none of its routes takes are' : 'its alerts are'
    const message = `no one hears this route: ${who} told to nobody; give it "receivers" ([] if that is meant)`
    if (children.length > 0) reportWarning(report, pointer, message)
    else reportError(report, pointer, message)
  }
}
