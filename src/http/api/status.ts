// Owns the route that says how the service is: how far each contract was read and evaluated, what
// waits in queues, and whether receivers accept.
import type { CanaryStore, Span } from '../../state/stores.ts'
import type { DeliveryStore } from '../../state/delivery-stores.ts'
import type { ContractStore } from '../../state/stores.ts'
import type { AlertPageStore } from '../../state/view-stores.ts'
import { readAlertPage } from '../alert-pages.ts'
import { isoTime } from '../alert-view.ts'
import { route, type Route } from '../route.ts'
import { type StatusAnswer, statusShape } from '../status-view.ts'
import type { ReaderState } from './health.ts'

export type StatusParts = {
  readonly versions: () => Pick<StatusAnswer, 'version' | 'node' | 'rules'>
  readonly contracts: ContractStore
  readonly readMark: (contract: string) => Promise<number | undefined>
  readonly marks: {
    evaluated(contract: string): Promise<number | undefined>
    gaps(contract: string, span: Span): Promise<readonly Span[]>
  }
  readonly canary: Pick<CanaryStore, 'state'>
  readonly readers: () => readonly ReaderState[]
  /** Jobs not yet begun. */
  readonly entriesWaiting: () => Promise<number>
  readonly receivers: readonly {
    readonly name: string
    readonly type: string
    readonly counts: () => Promise<{ readonly waiting: number; readonly dead: number }>
  }[]
  readonly alertPages: AlertPageStore
  readonly deliveries: DeliveryStore
  readonly now: () => number
}

const GAPS_MS = 30 * 86_400_000
const CONTRACTS_SHOWN_MAX = 1_000
/** Alerts whose deliveries tell how receivers are. */
const ALERTS_LOOKED_AT = 30

export function statusRoutes(parts: StatusParts): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/status',
      role: 'viewer',
      summary: 'How the service is: marks, queues, receivers, versions',
      answer: statusShape,
      handle: async () => {
        const [contracts, waiting, receivers, canary] = await Promise.all([
          contractsOf(parts),
          parts.entriesWaiting(),
          receiversOf(parts),
          canaryOf(parts),
        ])
        const entries = { name: 'entries', about: 'batches of entries to evaluate', waiting }
        const queues = [
          entries,
          ...receivers.map(({ name, waiting }) => ({
            name: `deliver-${name}`,
            about: `messages for ${name}`,
            waiting,
          })),
        ]
        return { body: { ...parts.versions(), contracts, canary, queues, receivers } }
      },
    }),
  ]
}

async function canaryOf({ canary }: StatusParts): Promise<StatusAnswer['canary']> {
  const { sentAt, waitingSince } = await canary.state()
  return {
    ...(sentAt !== undefined && { sentAt: isoTime(sentAt) }),
    ...(waitingSince !== undefined && { waitingSince: isoTime(waitingSince) }),
  }
}

async function contractsOf(parts: StatusParts): Promise<StatusAnswer['contracts']> {
  const { contracts, marks, readers, now } = parts
  const states = new Map(readers().map((reader) => [reader.contract, reader]))
  const known = new Set([...(await contracts.list()), ...states.keys()])
  // What stands for all contracts while their list is asked for, and the system's own.
  known.delete('all')
  const shown = [...known].sort().slice(0, CONTRACTS_SHOWN_MAX)
  const rows = await Promise.all(
    shown.map(async (contract) => {
      const to = now()
      const [readMark, evaluatedMark, gaps] = await Promise.all([
        parts.readMark(contract),
        marks.evaluated(contract),
        marks.gaps(contract, { from: to - GAPS_MS, to }),
      ])
      const state = states.get(contract)
      return {
        contract,
        ...(readMark !== undefined && { readMark: isoTime(readMark) }),
        ...(evaluatedMark !== undefined && { evaluatedMark: isoTime(evaluatedMark) }),
        gaps: gaps.length,
        ...(state !== undefined && { state: state.state }),
        ...(state?.lastError !== undefined && { lastError: state.lastError }),
      }
    }),
  )
  return rows.filter(({ readMark, state }) => readMark !== undefined || state !== undefined)
}

async function receiversOf(parts: StatusParts): Promise<StatusAnswer['receivers']> {
  const everything = {
    states: [],
    severities: [],
    rules: [],
    contracts: [],
    group: [],
    text: '',
    from: Number.NEGATIVE_INFINITY,
    to: Number.POSITIVE_INFINITY,
  }
  const page = { after: undefined, limit: ALERTS_LOOKED_AT }
  const { alerts } = await readAlertPage(parts, everything, page)
  const lists = alerts.map(({ contract, id }) => parts.deliveries.list(contract, id))
  const deliveries = (await Promise.all(lists)).flat()
  return Promise.all(
    parts.receivers.map(async ({ name, type, counts }) => {
      const { waiting, dead } = await counts()
      const own = deliveries.filter(({ receiver }) => receiver === name)
      const delivered = own.filter(({ state }) => state === 'delivered')
      const failed = own.filter(({ failure }) => failure !== undefined)
      const lastDelivered = Math.max(...delivered.map(({ lastAt }) => lastAt))
      const failure = failed.sort((a, b) => b.lastAt - a.lastAt)[0]
      return {
        name,
        type,
        waiting,
        dead,
        ...(delivered.length > 0 && { lastDelivered: isoTime(lastDelivered) }),
        ...(failure?.failure !== undefined && {
          lastFailure: { at: isoTime(failure.lastAt), reason: failure.failure },
        }),
      }
    }),
  )
}
