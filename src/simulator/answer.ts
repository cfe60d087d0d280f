// Owns what answers look like: windows, contracts, refusals in IONOS's form, HTML from the gateway. Sending them: api.ts.
import type { AnswerPlan } from './answer-fault.ts'
import type { Query } from './query.ts'
import type { Random } from './random.ts'
import type { Row } from './rows.ts'
import type { Contract } from './scenario.ts'
import type { View } from './store.ts'

export type Answer = {
  readonly status: number
  readonly type: 'application/json' | 'text/html'
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

const ERROR_CODES: Readonly<Record<number, readonly [string, string]>> = {
  400: ['100', 'Bad request'],
  401: ['315', 'Unauthorized'],
  403: ['310', 'Access denied'],
  404: ['309', 'Resource does not exist'],
  405: ['302', 'Method not allowed'],
  429: ['325', 'Too many requests'],
}

export function json(status: number, body: string): Answer {
  return { status, type: 'application/json', body }
}

/** A refusal in the form of IONOS's other APIs; the documents give none for this one. */
export function refuse(status: number, message?: string): Answer {
  const [errorCode, text] = ERROR_CODES[status] ?? [String(status), 'Request failed']
  const messages = [{ errorCode, message: message ?? text }]
  return json(status, JSON.stringify({ httpStatus: status, messages }))
}

/** A fault's answer: JSON below 500, from there the gateway's HTML page. */
export function fail(status: number, retryAfterMs: number): Answer {
  if (status === 429) {
    const seconds = String(Math.ceil(retryAfterMs / 1000))
    return { ...refuse(429), headers: { 'retry-after': seconds } }
  }
  if (status < 500) return refuse(status)
  const title = `${status} Service temporarily not available`
  const body = `<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>\n`
  return { status, type: 'text/html', body }
}

/** How Elasticsearch refuses an offset beyond what it sorts. */
export function refuseOffset(
  { offset, limit }: Query,
  { rows, status }: { readonly rows: number; readonly status: number },
): Answer {
  const message =
    `Result window is too large, from + size must be less than or equal to: [${rows}] ` +
    `but was [${offset + limit}]`
  return refuse(status, message)
}

export function describeApi(base: string): Answer {
  return json(200, JSON.stringify({ href: base, name: 'Activity Log API', version: 'v1' }))
}

/** Contract numbers are written as digits: they may exceed what a JavaScript number holds. */
export function listContracts(contracts: readonly Contract[], base: string): Answer {
  const items = contracts.map(
    ({ number }) => `{"id":${number},"type":"contracts","href":"${base}/contracts/${number}"}`,
  )
  return json(200, `[${items.join(',')}]`)
}

/** A page of a window, with what the plan does to its order and its total. */
export function listHits(view: View, { offset, limit }: Query, plan: AnswerPlan): Answer {
  const { random } = plan
  const moves = plan.movingTotal && view.total > 0
  // Half of the moves hide an entry, as if it arrived between two pages; half miscount.
  const hidden = moves && random.chance(0.5) ? random.int(view.total) : undefined
  const drift = moves && hidden === undefined ? random.pick([-1, 1]) : 0
  const pages = plan.shuffle === 'window' ? shuffleView(view, random) : view
  const rows = rowsWithout(pages, { offset, limit, hidden })
  const hits = (plan.shuffle === 'page' ? shuffle(rows, random) : rows).map(({ hit }) => hit)
  const total = view.total + drift - (hidden === undefined ? 0 : 1)
  return json(200, JSON.stringify({ hits: { total, hits } }))
}

/** A page as if the row at the place `hidden` were not there. */
function rowsWithout(
  view: View,
  { offset, limit, hidden }: { offset: number; limit: number; hidden: number | undefined },
): readonly Row[] {
  if (hidden === undefined || hidden >= offset + limit) return view.rows(offset, limit)
  if (hidden < offset) return view.rows(offset + 1, limit)
  return view.rows(offset, limit + 1).filter((_, index) => index !== hidden - offset)
}

/** Rows shuffled as a whole; a window with more keeps its order, so that an answer ends. */
const SHUFFLED_ROWS_MAX = 20_000

function shuffleView(view: View, random: Random): View {
  if (view.total > SHUFFLED_ROWS_MAX) return view
  const rows = shuffle(view.rows(0, view.total), random)
  return { total: view.total, rows: (offset, limit) => rows.slice(offset, offset + limit) }
}

function shuffle<T>(list: readonly T[], random: Random): readonly T[] {
  return list
    .map((item) => ({ item, place: random.next() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item)
}
