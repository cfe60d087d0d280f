// Owns what the configuration's parts about telling people say together: routes, maintenance and
// the schedules and receivers they name. The shapes of each: core/route-shape.ts, core/maintenance.ts.
import {
  type MaintenanceDraft,
  type MaintenanceWindow,
  resolveMaintenance,
} from './core/maintenance.ts'
import { checkRoutes } from './core/route-check.ts'
import type { Route } from './core/route.ts'
import type { Schedule } from './core/schedule.ts'
import { isObject, type Report } from './core/shape.ts'

export type RoutingParts = {
  readonly route: Route | undefined
  readonly maintenance: readonly MaintenanceDraft[] | undefined
  readonly schedules: ReadonlyMap<string, Schedule>
  /** Names of receivers, also of those that have a fault of their own. */
  readonly receivers: readonly string[]
}

export type Routing = {
  readonly route: Route | undefined
  readonly maintenance: readonly MaintenanceWindow[]
  /** What routes may name in `mute`: schedules, and maintenance windows. */
  readonly mutes: ReadonlyMap<string, Schedule>
}

/** Checks routes and maintenance against what they name; reports every fault. */
export function assembleRouting(parts: RoutingParts, report: Report): Routing {
  const { route, schedules, receivers } = parts
  const maintenance = resolveMaintenance(parts.maintenance ?? [], schedules, report)
  const windows = maintenance.map(({ name, schedule }) => [name, schedule] as const)
  const mutes = new Map([...schedules, ...windows])
  if (route !== undefined) {
    const problems = checkRoutes(route, { receivers, mutes: [...mutes.keys()] })
    for (const problem of problems) report(problem)
  }
  return { route, maintenance, mutes }
}

/** Names under `receivers` of the file, also of those that can't be read. */
export function namesInFile(file: unknown): readonly string[] {
  return isObject(file) && isObject(file['receivers']) ? Object.keys(file['receivers']) : []
}
