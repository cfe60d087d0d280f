// Owns the route that shows the latest events: those that matched a rule, and a sample of others.
import { z } from 'zod'
import type { ContractStore } from '../../state/stores.ts'
import type { EventStore, StoredEvent } from '../../state/view-stores.ts'
import { eventShape, eventView, type Normalizing } from '../event-view.ts'
import { limitUpTo, moment, word } from '../query-shape.ts'
import { route, type Route } from '../route.ts'

export type EventParts = Normalizing & {
  readonly events: EventStore
  readonly contracts: ContractStore
  readonly now: () => number
}

const LIMIT_MAX = 500
const LIMIT_DEFAULT = 50
/** Events of one contract that are looked through for those of a rule or user. */
const SCANNED_MAX = 2_000
/** Contracts looked at; with more, ask for one. */
const CONTRACTS_MAX = 200

export function eventRoutes(parts: EventParts): readonly Route[] {
  const { events, contracts, now } = parts
  return [
    route({
      method: 'GET',
      path: '/api/events',
      role: 'viewer',
      summary: 'The latest events that matched a rule, and a sample of others',
      about: 'They are kept for `retention.events` (7d), a bounded number of each contract.',
      query: z.strictObject({
        rule: word.optional().describe('Only those that matched this rule.'),
        user: word.optional(),
        contract: word.optional(),
        from: moment(now, () => 0),
        limit: limitUpTo(LIMIT_MAX, LIMIT_DEFAULT),
      }),
      answer: z.object({ events: z.array(eventShape) }),
      handle: async ({ query: { rule, user, contract, from, limit } }) => {
        const known = await contracts.list()
        const asked = known.filter((one) => contract === undefined || one === contract)
        const isFiltered = rule !== undefined || user !== undefined
        const found = await Promise.all(
          asked.slice(0, CONTRACTS_MAX).map(async (one) => {
            const stored = await events.latest(one, {
              from,
              limit: isFiltered ? SCANNED_MAX : limit,
            })
            return stored.filter((event) => matchesRule(event, rule)).map((event) => [event, one])
          }),
        )
        const views = (found.flat() as [StoredEvent, string][])
          .sort(([a], [b]) => b.time - a.time)
          .map(([event, of]) => eventView(event, of, parts))
          .filter(({ facts }) => user === undefined || facts['user'] === user)
        return { body: { events: views.slice(0, limit) } }
      },
    }),
  ]
}

function matchesRule({ rules }: StoredEvent, rule: string | undefined): boolean {
  return rule === undefined || rules.includes(rule)
}
