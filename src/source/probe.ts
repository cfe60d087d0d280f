// Owns finding out what the API's description leaves open: what `offset` counts, in which order
// hits come, whether entries have ids. It decides nothing by itself.
import type { ActivityLogClient } from './client.ts'
import { readEntry } from './read-entry.ts'
import { floorSecond } from './window.ts'

export type ProbeResult = {
  /** Rows to skip, or pages of the size of `limit`. */
  readonly offsetCounts: 'rows' | 'pages' | 'unknown'
  readonly order: 'newest-first' | 'oldest-first' | 'none' | 'unknown'
  /** Which of the entries looked at have an `@uuid`. */
  readonly uuids: 'all' | 'some' | 'none' | 'unknown'
  /** Entries looked at. */
  readonly entries: number
}

const HOUR_MS = 3_600_000

/** How far back it looks for enough entries: a busy log shows them at once, a quiet one late. */
const REACHES_MS = [HOUR_MS, 24 * HOUR_MS, 30 * 24 * HOUR_MS] as const

/** With the rows a, b, c: skipping one row gives b first, skipping one page of two gives c. */
const ENTRIES_MIN = 3

const LIMIT = 100

/** Asks at most four times. Throws what the client throws. */
export async function probeApi(
  client: Pick<ActivityLogClient, 'page'>,
  contract: string,
  nowMs: number,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const toMs = floorSecond(nowMs)
  for (const reachMs of REACHES_MS) {
    const window = { fromMs: toMs - reachMs, toMs }
    const { hits } = await client.page(contract, { ...window, offset: 0, limit: LIMIT }, signal)
    const isLast = reachMs === REACHES_MS.at(-1)
    if (hits.length < ENTRIES_MIN && !isLast) continue
    const second = await client.page(contract, { ...window, offset: 1, limit: 2 }, signal)
    return {
      offsetCounts: compareOffsets(hits, second.hits, contract),
      order: judgeOrder(hits, contract),
      uuids: judgeUuids(hits),
      entries: hits.length,
    }
  }
  return { offsetCounts: 'unknown', order: 'unknown', uuids: 'unknown', entries: 0 }
}

function compareOffsets(
  first: readonly unknown[],
  second: readonly unknown[],
  contract: string,
): ProbeResult['offsetCounts'] {
  if (first.length < ENTRIES_MIN || second.length === 0) return 'unknown'
  const [, b, c] = first.map((hit) => readEntry(hit, contract).id)
  const id = readEntry(second[0], contract).id
  if (b === c) return 'unknown'
  if (id === b) return 'rows'
  return id === c ? 'pages' : 'unknown'
}

function judgeOrder(hits: readonly unknown[], contract: string): ProbeResult['order'] {
  const times = hits.flatMap((hit) => readEntry(hit, contract).time ?? [])
  const steps = times.slice(1).map((time, index) => time - (times[index] ?? time))
  const rises = steps.some((step) => step > 0)
  const falls = steps.some((step) => step < 0)
  if (rises && falls) return 'none'
  if (rises) return 'oldest-first'
  return falls ? 'newest-first' : 'unknown'
}

function judgeUuids(hits: readonly unknown[]): ProbeResult['uuids'] {
  if (hits.length === 0) return 'unknown'
  const having = hits.filter(hasUuid).length
  if (having === hits.length) return 'all'
  return having === 0 ? 'none' : 'some'
}

function hasUuid(hit: unknown): boolean {
  if (typeof hit !== 'object' || hit === null || !('@uuid' in hit)) return false
  return typeof hit['@uuid'] === 'string' && hit['@uuid'] !== ''
}
