// Owns keeping the news that a receiver fails from that receiver: it would fail, too.
import type { Branch, Routable, Router } from './route.ts'

const RULE = 'tocsin-delivery-failed'

/** The same router, but for alerts about a failing receiver, which go to all others of the route. */
export function routeAroundFailing(router: Router): Router {
  return (alert) => {
    const failing = failingReceiver(alert)
    const branches = router(alert)
    return failing === undefined ? branches : branches.map((branch) => without(branch, failing))
  }
}

function failingReceiver({ rule, group }: Routable): string | undefined {
  if (rule.id !== RULE) return undefined
  return group.find(({ name }) => name === 'receiver')?.value
}

function without(branch: Branch, failing: string): Branch {
  const others = (receivers: readonly string[]) => receivers.filter((name) => name !== failing)
  return {
    ...branch,
    receivers: others(branch.receivers),
    escalate: branch.escalate.map((stage) => ({ ...stage, receivers: others(stage.receivers) })),
  }
}
