// Owns connecting what decides about people: the teller with its routes, and on top of it actions,
// silences, the system's own alerts and what time brings. Used by the service and by commands.
import { randomUUID } from 'node:crypto'
import { type AlertActions, createAlertActions } from './alert-actions.ts'
import type { Config } from './config.ts'
import type { Clock } from './core/clock.ts'
import { createRouter, defaultRoute, type Router } from './core/route.ts'
import { routeAroundFailing } from './core/route-failing.ts'
import { createNudges, type Nudges } from './nudges.ts'
import type { Log } from './observe/log.ts'
import type { Metrics } from './observe/metrics.ts'
import { createSilences, type Silences } from './silences.ts'
import type { Stores } from './state/redis.ts'
import { createSystemAlerts, type SystemAlerts } from './system-alerts.ts'
import { createTeller, type Teller } from './teller.ts'

export type Telling = {
  readonly teller: Teller
  readonly actions: AlertActions
  readonly silences: Silences
  readonly system: SystemAlerts
  readonly nudges: Nudges
}

export type TellingOptions = {
  readonly config: Pick<Config, 'receivers' | 'routing' | 'detection'>
  readonly stores: Stores
  /** Told when notifications wait in a contract's outbox; else they go with its next look. */
  readonly announce: (contract: string) => void
  readonly clock: Clock
  readonly metrics: Metrics
  readonly log: Log
}

/** The router of a configuration. */
export function routerOf({ receivers, routing }: Pick<Config, 'receivers' | 'routing'>): Router {
  return createRouter(routing.route ?? defaultRoute(receivers.map(({ name }) => name)))
}

export function openTelling(options: TellingOptions): Telling {
  const { config, stores } = options
  const { routing, receivers, detection } = config
  const router = routeAroundFailing(routerOf(config))
  const stateful = new Set(receivers.filter((one) => one.stateful).map(({ name }) => name))
  const teller = createTeller({
    router,
    mutes: routing.mutes,
    maintenance: routing.maintenance,
    silences: stores.silences,
    isStateful: (receiver) => stateful.has(receiver),
  })
  const parts = { ...options, ...stores, teller }
  return {
    teller,
    actions: createAlertActions(parts),
    silences: createSilences(parts),
    system: createSystemAlerts(parts),
    nudges: createNudges({
      ...parts,
      branchesOf: router,
      settleMs: detection.settleMs,
      owner: randomUUID(),
    }),
  }
}
