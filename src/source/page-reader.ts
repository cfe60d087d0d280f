// Owns reading one window completely and proving it. Not what happens to the entries, nor the
// waits between tries of one request: it gets pages from whoever has that patience.
//
// What proves a window. The API pages by offset over hits whose order it doesn't promise, while
// entries arrive, and audit logs hold true duplicates. So neither "as many rows as the total"
// (a row may have moved onto two pages while another was on none) nor "as many ids as the total"
// (a duplicate would make that impossible for ever) is the test. One answer is atomic: the rows
// in it are different rows. For each id the most rows that one answer held are therefore rows
// that exist, and the sum over all ids, the *known* rows, never exceeds what is there. A try whose
// total didn't move and whose known rows are exactly the total has seen every row. Rows only ever
// get added, so known rows of several tries may be put together when the last total is the highest.
// Duplicates torn onto different pages, and totals that move, leave several pages unproven. What
// they gave says where the entries lie, so the window is then cut into parts of less than a page:
// each is one answer, which proves itself.
import type { Span } from '../state/stores.ts'
import type { Page } from './answer.ts'
import type { ActivityLogClient } from './client.ts'
import { LIMIT_SAFE, SourceError } from './errors.ts'
import { compareEntries, type ReadEntry, readEntry } from './read-entry.ts'
import { halve, splitByTimes } from './window.ts'

export type PageSource = Pick<ActivityLogClient, 'page'>

export type WindowRequest = {
  readonly contract: string
  readonly window: Span
  readonly pageSize: number
  /** What `offset` counts, as the probe found out. */
  readonly offsetCounts: 'rows' | 'pages'
  readonly signal: AbortSignal
}

/** A window, or a part of one that had to be cut, after all that could be done to read it. */
export type WindowPart = {
  readonly window: Span
  /** Everything any answer held, each id once, oldest first. Never less because of a failed try. */
  readonly entries: readonly ReadEntry[]
  /** What the API said last. */
  readonly total: number
  /** Rows that are known to exist: `total` when proven. */
  readonly known: number
  readonly proven: boolean
  readonly requests: number
}

/** Deep paging ends at 10,000 rows where Elasticsearch has its usual setting: cut before that. */
const HITS_MAX = 9_000

/**
 * More pages than this are rarely read without something moving or failing in between, and until a
 * window is proven the mark waits: so it is cut at its first page, for one request more.
 */
const PAGES_WANTED_MAX = 8

/** How full a part made by cutting is: entries that arrive meanwhile still fit its one page. */
const PART_OF_PAGE = 0.7

/** One answer may hold this many, if the API takes such a limit at all. */
const LIMIT_LARGE = 10_000

/** A window that moves is read again this often; each try pages in another rhythm. */
const PAGE_SIZE_SHARES = [1, 0.67, 0.83] as const

/** Pages of one try: a server that gives one row a page must not hold the reader for ever. */
const PAGES_MAX = 1_000

/**
 * Reads a window and yields it whole, or cut into parts, oldest first and without gaps. A part
 * that could not be proven has `proven: false` and all the same whatever was found. Throws what
 * the pages throw, except `refused-window`, which cuts.
 */
export async function* readWindow(
  source: PageSource,
  request: WindowRequest,
): AsyncGenerator<WindowPart> {
  const pending: Span[] = [request.window]
  // What windows gave before they were cut: it goes out with the part its time falls into.
  const carried = new Map<string, ReadEntry>()
  for (let window = pending.pop(); window !== undefined; window = pending.pop()) {
    const reading = startReading(source, { ...request, window })
    const verdict = await readOneWindow(reading)
    const parts = verdict === 'cut' ? cutWindow(reading) : undefined
    if (parts !== undefined) {
      pending.push(...parts.toReversed())
      for (const [id, row] of reading.rows) carried.set(id, row.entry)
      continue
    }
    if (verdict === 'cut') await readSecond(reading)
    yield toPart(reading, takeUntil(carried, pending.length > 0 ? window.to : undefined))
  }
}

/**
 * After a whole try: parts of less than a page, by the times of what was found. Else halves, as
 * long as there is more than a second.
 */
function cutWindow(reading: Reading): readonly Span[] | undefined {
  const { window } = reading.request
  const halves = halve(window)
  if (halves === undefined || !reading.triedAll) return halves
  const times = [...reading.rows.values()].flatMap(({ entry, count }) =>
    entry.time === undefined ? [] : Array.from({ length: count }, () => entry.time as number),
  )
  const parts = splitByTimes(window, times, Math.floor(reading.pageSize * PART_OF_PAGE))
  return parts.length > 1 ? parts : halves
}

/** Takes out the entries before `endMs`, and those that don't say when; all without an end. */
function takeUntil(carried: Map<string, ReadEntry>, endMs?: number): readonly ReadEntry[] {
  const taken = [...carried.values()].filter(
    ({ time }) => endMs === undefined || time === undefined || time < endMs,
  )
  for (const { id } of taken) carried.delete(id)
  return taken
}

/** Rows by id, with the most of them that one answer held. */
type Rows = Map<string, { readonly entry: ReadEntry; readonly count: number }>

/** All that is known of one window while it is being read. */
type Reading = {
  readonly source: PageSource
  readonly request: WindowRequest
  pageSize: number
  /** Found by any try. */
  readonly rows: Rows
  total: number
  totalMax: number
  requests: number
  proven: boolean
  /** Whether one try came to the last page. */
  triedAll: boolean
}

function startReading(source: PageSource, request: WindowRequest): Reading {
  const { pageSize } = request
  return {
    source,
    request,
    pageSize,
    rows: new Map(),
    total: 0,
    totalMax: 0,
    requests: 0,
    proven: false,
    triedAll: false,
  }
}

/** `cut`: smaller windows may do better. `unproven`: one page, and yet it doesn't add up. */
async function readOneWindow(reading: Reading): Promise<'proven' | 'cut' | 'unproven'> {
  const canCut = halve(reading.request.window) !== undefined
  for (const ownShare of PAGE_SIZE_SHARES) {
    // Other page sizes tear duplicates elsewhere, which helps only where nothing can be cut.
    const share = canCut ? 1 : ownShare
    let outcome = await readOnce(reading, share)
    if (outcome === 'refused' && reading.totalMax === 0 && reading.pageSize > LIMIT_SAFE) {
      reading.pageSize = LIMIT_SAFE
      outcome = await readOnce(reading, share)
    }
    if (outcome === 'proven') return 'proven'
    if (outcome !== 'again') return 'cut'
    if (canCut && !isOnePage(reading)) return 'cut'
  }
  return isOnePage(reading) ? 'unproven' : 'cut'
}

function isOnePage(reading: Reading): boolean {
  return Math.max(reading.totalMax, countRows(reading.rows)) <= reading.pageSize
}

/** One try at all pages. */
async function readOnce(
  reading: Reading,
  pageSizeShare: number,
): Promise<'proven' | 'again' | 'refused' | 'too-many'> {
  const limit = Math.max(1, Math.round(reading.pageSize * pageSizeShare))
  const canCut = halve(reading.request.window) !== undefined
  const found: Rows = new Map()
  let total: number | undefined
  let moved = false
  for (let [page, offset] = [0, 0]; page < PAGES_MAX; page += 1) {
    const at = reading.request.offsetCounts === 'rows' ? offset : page
    const answer = await askPage(reading, { offset: at, limit })
    if (answer === undefined) return 'refused'
    addAnswer(reading, found, answer)
    moved ||= total !== undefined && total !== answer.total
    total = answer.total
    offset += answer.hits.length
    if (canCut && total > HITS_MAX) return 'too-many'
    if (canCut && page === 0 && total > reading.pageSize * PAGES_WANTED_MAX) return 'too-many'
    if (offset >= total || answer.hits.length === 0) break
  }
  reading.triedAll = true
  reading.proven = !moved && isComplete(reading, found)
  return reading.proven ? 'proven' : 'again'
}

function isComplete(reading: Reading, found: Rows): boolean {
  if (countRows(found) === reading.total) return true
  return reading.total === reading.totalMax && countRows(reading.rows) === reading.total
}

/** One page; undefined when the API refuses to go there. */
async function askPage(
  reading: Reading,
  place: { readonly offset: number; readonly limit: number },
): Promise<Page | undefined> {
  const { contract, window, signal } = reading.request
  reading.requests += 1
  try {
    const at = { fromMs: window.from, toMs: window.to, ...place }
    return await reading.source.page(contract, at, signal)
  } catch (error) {
    if (error instanceof SourceError && error.reason === 'refused-window') return undefined
    throw error
  }
}

/**
 * A second that paging could not prove: one large answer is atomic and settles it, if the API
 * takes such a limit. If not, what the pages gave has to do.
 */
async function readSecond(reading: Reading): Promise<void> {
  if (reading.totalMax === 0) return
  const limit = Math.min(Math.max(reading.totalMax * 2, LIMIT_SAFE + 1), LIMIT_LARGE)
  const answer = await askPage(reading, { offset: 0, limit })
  if (answer === undefined) return
  const found: Rows = new Map()
  addAnswer(reading, found, answer)
  reading.proven = countRows(found) === answer.total
}

function addAnswer(reading: Reading, found: Rows, answer: Page): void {
  reading.total = answer.total
  reading.totalMax = Math.max(reading.totalMax, answer.total)
  const counts: Rows = new Map()
  for (const hit of answer.hits) {
    const entry = readEntry(hit, reading.request.contract)
    counts.set(entry.id, { entry, count: (counts.get(entry.id)?.count ?? 0) + 1 })
  }
  for (const [id, row] of counts) {
    for (const rows of [found, reading.rows]) {
      if (row.count > (rows.get(id)?.count ?? 0)) rows.set(id, row)
    }
  }
}

function countRows(rows: Rows): number {
  let sum = 0
  for (const { count } of rows.values()) sum += count
  return sum
}

function toPart(reading: Reading, carried: readonly ReadEntry[]): WindowPart {
  const entries = new Map(carried.map((entry) => [entry.id, entry]))
  for (const [id, row] of reading.rows) entries.set(id, row.entry)
  return {
    window: reading.request.window,
    entries: [...entries.values()].sort(compareEntries),
    total: reading.total,
    known: countRows(reading.rows),
    proven: reading.proven,
    requests: reading.requests,
  }
}
