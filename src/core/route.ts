// Owns where an alert goes: the tree of routes, and the way one takes through it. Reading and
// checking the tree: route-shape.ts, route-check.ts; telling anybody: notify-decision.ts.
import type { Alert } from './alert.ts'
import { matchesRoute, type RouteMatch } from './route-match.ts'
import { SEVERITIES, type Severity, severityRank } from './severity.ts'

export type Escalation = { readonly afterMs: number; readonly receivers: readonly string[] }

/** A node of the tree, as written; what it leaves out it has from the node above. */
export type Route = {
  readonly match?: RouteMatch
  readonly receivers?: readonly string[]
  /** Later siblings are tried as well; on the root: its own receivers are told as well. */
  readonly continue?: boolean
  /** Between reminders, ms; 0 for none. */
  readonly repeatMs?: number
  readonly escalate?: readonly Escalation[]
  /** Schedules or maintenance windows during which this route is silent. */
  readonly mute?: readonly string[]
  readonly sendResolved?: boolean
  readonly resolveAfterMs?: number
  readonly routes?: readonly Route[]
}

/** One way an alert takes, with everything inherited. */
export type Branch = {
  /** `/routes/0/routes/2`; empty for the root. */
  readonly path: string
  readonly receivers: readonly string[]
  /** Undefined: 24 h for `high` and `critical`, else none. */
  readonly repeatMs?: number
  readonly escalate: readonly Escalation[]
  readonly mute: readonly string[]
  readonly sendResolved?: boolean
  readonly resolveAfterMs?: number
}

/** What a route may look at. */
export type Routable = Pick<Alert, 'severity' | 'contract' | 'group'> & {
  readonly rule: Pick<Alert['rule'], 'id' | 'tags'>
}

/** Gives the branches an alert takes, in the order of the tree. */
export type Router = (alert: Routable) => readonly Branch[]

const REPEAT_DEFAULT_MS = 86_400_000

/** Reminders that nobody configured begin here. */
const REPEAT_SEVERITY_MIN: Severity = 'high'

/** What is less severe is recorded and told to nobody, where no route says otherwise. */
export const SEVERITY_TOLD_MIN: Severity = 'low'

/** The time between reminders of a branch for an alert of this severity; 0 for none. */
export function repeatMsOf({ repeatMs }: Branch, severity: Severity): number {
  if (repeatMs !== undefined) return repeatMs
  return severityRank(severity) >= severityRank(REPEAT_SEVERITY_MIN) ? REPEAT_DEFAULT_MS : 0
}

/** The tree that stands for none: everything of `low` and above goes to every receiver. */
export function defaultRoute(receivers: readonly string[]): Route {
  const told = SEVERITIES.filter((name) => severityRank(name) >= severityRank(SEVERITY_TOLD_MIN))
  return { receivers: [], routes: [{ match: { severity: told }, receivers }] }
}

/** A router for a tree that was checked. */
export function createRouter(root: Route): Router {
  return (alert) => {
    const own = inherit({ path: '', receivers: [], escalate: [], mute: [] }, root)
    const below = branchesBelow(root, own, alert)
    if (below.length === 0) return [own]
    return root.continue ? [own, ...below] : below
  }
}

/** The first child that matches, and later ones after a `continue`; empty when none does. */
function branchesBelow(route: Route, inherited: Branch, alert: Routable): readonly Branch[] {
  const branches: Branch[] = []
  for (const [index, child] of (route.routes ?? []).entries()) {
    if (!matchesRoute(child.match, alert)) continue
    const own = inherit({ ...inherited, path: `${inherited.path}/routes/${index}` }, child)
    const below = branchesBelow(child, own, alert)
    branches.push(...(below.length === 0 ? [own] : below))
    if (!child.continue) break
  }
  return branches
}

function inherit(above: Branch, route: Route): Branch {
  const { receivers, repeatMs, escalate, mute, sendResolved, resolveAfterMs } = route
  return {
    ...above,
    ...(receivers !== undefined && { receivers }),
    ...(repeatMs !== undefined && { repeatMs }),
    ...(escalate !== undefined && { escalate }),
    ...(mute !== undefined && { mute }),
    ...(sendResolved !== undefined && { sendResolved }),
    ...(resolveAfterMs !== undefined && { resolveAfterMs }),
  }
}
