// Owns the routes that show alerts: the list and one of them. What people do to alerts is
// alert-actions.ts'.
import { z } from 'zod'
import type { Alert } from '../../core/alert.ts'
import { SEVERITIES } from '../../core/severity.ts'
import { isSilenced } from '../../core/silence.ts'
import type { DeliveryStore } from '../../state/delivery-stores.ts'
import type {
  AlertActionStore,
  AlertStore,
  ContractStore,
  SilenceStore,
} from '../../state/stores.ts'
import type { AlertPageStore, EventStore } from '../../state/view-stores.ts'
import { formatCursor, parseCursor, readAlertPage } from '../alert-pages.ts'
import { alertRowShape, alertShape, revisionOf, STATES, toRow, toView } from '../alert-view.ts'
import { HttpProblem } from '../problem.ts'
import { groupValues, limitUpTo, listOf, moment, searchText, word } from '../query-shape.ts'
import { route, type Route } from '../route.ts'

export type AlertParts = {
  readonly alerts: AlertStore
  readonly alertPages: AlertPageStore
  readonly contracts: ContractStore
  readonly deliveries: DeliveryStore
  readonly events: EventStore
  readonly actions: Pick<AlertActionStore, 'trail'>
  readonly silences: Pick<SilenceStore, 'list'>
  readonly now: () => number
}

const PAGE_MAX = 200
const PAGE_DEFAULT = 50
/** Contracts that are asked at a time for an alert that may be any of theirs. */
const CONTRACTS_AT_ONCE = 100

export const alertParams = z.object({ id: z.string().regex(/^[0-9a-f]{1,64}-\d{1,15}$/) })

export function alertRoutes(parts: AlertParts): readonly Route[] {
  const { now } = parts
  const query = z.strictObject({
    state: listOf(z.enum(STATES)),
    severity: listOf(z.enum(SEVERITIES)),
    rule: listOf(word),
    contract: listOf(word),
    group: groupValues,
    q: searchText.describe('Free text, looked for in all that an alert shows.'),
    from: moment(now, () => Number.NEGATIVE_INFINITY).describe('Last event at or after.'),
    to: moment(now, () => Number.POSITIVE_INFINITY).describe('Last event at or before.'),
    cursor: z.string().max(500).optional().describe('`next` of the page before.'),
    limit: limitUpTo(PAGE_MAX, PAGE_DEFAULT),
  })
  return [
    route({
      method: 'GET',
      path: '/api/alerts',
      role: 'viewer',
      summary: 'Alerts, those with the latest event first',
      about: 'A page may be short, even empty, while `next` is there: follow it until it is not.',
      query,
      answer: z.object({ alerts: z.array(alertRowShape), next: z.string().optional() }),
      handle: async ({ query }) => {
        const after = query.cursor === undefined ? undefined : parseCursor(query.cursor)
        if (query.cursor !== undefined && after === undefined) {
          throw new HttpProblem('bad-request', '/query/cursor: it is none of ours')
        }
        const filter = {
          states: query.state,
          severities: query.severity,
          rules: query.rule,
          contracts: query.contract,
          group: query.group,
          text: query.q,
          from: query.from,
          to: query.to,
        }
        const page = await readAlertPage(parts, filter, { after, limit: query.limit })
        const next = page.next === undefined ? {} : { next: formatCursor(page.next) }
        return { body: { alerts: page.alerts.map(toRow), ...next } }
      },
    }),
    route({
      method: 'GET',
      path: '/api/alerts/:id',
      role: 'viewer',
      summary: 'One alert: evidence, why, and who was told',
      about: 'Its ETag is what actions on it send as If-Match.',
      params: alertParams,
      answer: alertShape,
      handle: async ({ params }) => {
        const alert = await findAlert(parts, params.id)
        const { contract, id, evidence } = alert
        const [deliveries, events, trail, silences] = await Promise.all([
          parts.deliveries.list(contract, id),
          parts.events.find(
            contract,
            evidence.map((event) => event.id),
          ),
          parts.actions.trail(contract, id),
          parts.silences.list(),
        ])
        const silenced = isSilenced(silences, alert, now())
        const body = toView(alert, { deliveries, events, trail, isSilenced: silenced })
        return { body, headers: { etag: etagOf(alert) } }
      },
    }),
  ]
}

export function etagOf(alert: Alert): string {
  return `"${revisionOf(alert)}"`
}

/** Whatever contract it belongs to. Throws a problem when there is no such alert. */
export async function findAlert(
  { alerts, contracts }: Pick<AlertParts, 'alerts' | 'contracts'>,
  id: string,
): Promise<Alert> {
  const known = await contracts.list()
  for (let at = 0; at < known.length; at += CONTRACTS_AT_ONCE) {
    const some = known.slice(at, at + CONTRACTS_AT_ONCE)
    const found = await Promise.all(some.map((contract) => alerts.alert(contract, id)))
    const alert = found.find((one) => one !== undefined)
    if (alert !== undefined) return alert
  }
  throw new HttpProblem('not-found', 'no such alert: it may be past its retention')
}
