// Owns reading one contract: hot reads on time, sweeps in between, the mark last. Which contracts
// there are, and that only one process reads each, is for others: they end it by its signal, and a
// write that comes too late ends it with a LeaseLostError.
import type { Clock } from '../core/clock.ts'
import type { Log } from '../observe/log.ts'
import type {
  BatchStore,
  DeadLetterStore,
  ReadLease,
  HistoryStore,
  ReadStore,
  SeenStore,
  Span,
} from '../state/stores.ts'
import type { Budget, Urgency } from './budget.ts'
import type { ActivityLogClient } from './client.ts'
import { createDelivery, type Delivery, type EntryQueue, type Persist } from './delivery.ts'
import { SourceError } from './errors.ts'
import { createHealth, type Health } from './health.ts'
import { type PageSource, readWindow } from './page-reader.ts'
import { patientPages } from './patient.ts'
import { type ProbeResult, probeApi } from './probe.ts'
import { createProgress, type Progress } from './progress.ts'
import type { ReadEntry } from './read-entry.ts'
import type { ReaderConfig, ReaderHooks, ReadKind } from './reader-config.ts'
import { untilTaken } from './store-patience.ts'
import { createSweeps, type Sweeps } from './sweeps.ts'
import { hotSpan, splitSpan, WINDOW_MS_MAX } from './window.ts'

/** What all contracts' readers share. */
export type Shared = {
  readonly client: Pick<ActivityLogClient, 'page'>
  readonly reads: ReadStore
  readonly history?: HistoryStore | undefined
  readonly batches: BatchStore
  readonly seen: SeenStore
  readonly queue: EntryQueue
  readonly deadLetters: Pick<DeadLetterStore, 'add'> | undefined
  readonly budget: Budget
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
  readonly hooks: ReaderHooks
  readonly config: ReaderConfig
}

export type ContractStatus = ReturnType<Health['status']> & {
  /** Everything before it was read at least once; undefined before the first read. */
  readonly mark: number | undefined
  readonly probe: ProbeResult | undefined
  /** When this process began to read it (ms); undefined while it does not. */
  readonly begunAt: number | undefined
  /** Before it (ms) is history, from before the very first start. */
  readonly liveFrom: number
}

export type ContractReader = {
  /**
   * Reads until the signal aborts; then it resolves. Rejects with a LeaseLostError when another
   * reader has the contract. To be called once.
   */
  run(signal: AbortSignal): Promise<void>
  status(): ContractStatus
}

/** A sweep that fails is left to its next round, so that it can't hold up the hot reads. */
const SWEEP_TRIES = 3

/** While the queue is full it is asked this often. */
const QUEUE_WAIT_MS = 1_000

/** Batches under way are looked after this often; those that are well cost a question each. */
const SETTLE_MS = 60_000

/** A probe that failed or found too few entries is repeated this often. */
const PROBE_AGAIN_MS = 600_000

export function createContractReader(
  { contract, fence }: ReadLease,
  shared: Shared,
): ContractReader {
  const health = createHealth(contract, shared.clock, shared.log)
  let loop: Loop | undefined
  let begunAt: number | undefined
  return {
    async run(signal) {
      begunAt = shared.clock.now()
      loop = createLoop({ contract, fence, shared, health, signal })
      try {
        await runLoop(loop)
      } catch (error) {
        if (!signal.aborted) throw error
      }
    },
    status: () => ({
      ...health.status(),
      mark: loop?.progress.mark(),
      probe: loop?.probe,
      begunAt,
      liveFrom: loop?.liveFrom ?? 0,
    }),
  }
}

type Owner = ReadLease & {
  readonly shared: Shared
  readonly health: Health
  readonly signal: AbortSignal
}

/** All that one run holds. */
type Loop = Owner & {
  readonly persist: Persist
  readonly progress: Progress
  readonly delivery: Delivery
  readonly hotPages: PageSource
  readonly sweepPages: PageSource
  probe: ProbeResult | undefined
  probeDueMs: number
  /** Before it (ms) nobody was here to read, which says nothing of how late entries come. */
  liveFrom: number
  settleDueMs: number
}

function createLoop(owner: Owner): Loop {
  const { contract, fence, shared, health, signal } = owner
  const { clock, random, hooks, log, reads } = shared
  const patience = { clock, random, health, onFailure: () => hooks.failed?.(contract, 'store') }
  const persist: Persist = async (name, call) => await untilTaken(name, call, patience, signal)
  return {
    ...owner,
    persist,
    progress: createProgress({ contract, fence, reads, clock, log, persist }),
    delivery: createDelivery({ ...shared, contract, fence, persist }),
    hotPages: createPages(owner, 'hot'),
    sweepPages: createPages(owner, 'sweep'),
    probe: undefined,
    probeDueMs: 0,
    liveFrom: 0,
    settleDueMs: 0,
  }
}

function createPages({ contract, shared, health }: Owner, urgency: Urgency): PageSource {
  const { client, budget, clock, random, hooks } = shared
  return patientPages(client, {
    budget,
    urgency,
    clock,
    random,
    onSuccess: () => health.worked(),
    onFailure: (error, waitMs) => {
      health.failed(error, waitMs)
      hooks.failed?.(contract, error.reason)
    },
    givesUp: (_error, failures) => urgency === 'sweep' && failures >= SWEEP_TRIES,
  })
}

async function runLoop(loop: Loop): Promise<void> {
  const { shared, signal } = loop
  const { clock, config } = shared
  const startMs = clock.now()
  const begun = await beginAt(loop, startMs)
  if (begun.isFirst) loop.liveFrom = startMs
  const sweeps = createSweeps({ sweeps: config.sweeps, startMs, ...begun })
  while (!signal.aborted) {
    const dueMs = clock.now() + config.intervalMs
    await settle(loop)
    await tryProbe(loop)
    await readHot(loop)
    await sweepUntil(loop, sweeps, dueMs)
    // A clock that was set back must not stretch the wait.
    await clock.sleep(clamp(dueMs - clock.now(), config.intervalMs), signal)
  }
}

/** Before anything else is announced, and now and then: what an evaluator left when it died. */
async function settle(loop: Loop): Promise<void> {
  const nowMs = loop.shared.clock.now()
  if (nowMs < loop.settleDueMs && loop.settleDueMs - nowMs <= SETTLE_MS) return
  loop.settleDueMs = nowMs + SETTLE_MS
  await loop.delivery.settle()
}

/** On the very first start history comes first; what it says is written down before any of it. */
async function beginAt({ contract, shared, progress, persist }: Loop, startMs: number) {
  const { config, history, log } = shared
  const liveFromMs = startMs - config.notifyHorizonMs
  const fromMs = Math.min(liveFromMs, startMs - (config.backfillMs?.() ?? 0))
  const isNew =
    (await persist('find the mark', async () => await shared.reads.mark(contract))) === undefined
  if (isNew) await persist('begin', async () => await history?.begin(contract, liveFromMs))
  const begun = await progress.begin(fromMs)
  if (begun.isFirst && fromMs < liveFromMs) {
    const from = new Date(fromMs).toISOString()
    log.info({ contract, from }, 'first start: reading history, so that rules know what is usual')
  }
  return begun
}

function clamp(ms: number, maxMs: number): number {
  return Math.min(Math.max(ms, 0), maxMs)
}

async function tryProbe(loop: Loop): Promise<void> {
  const { contract, shared, signal } = loop
  const nowMs = shared.clock.now()
  const isKnown = loop.probe !== undefined && loop.probe.offsetCounts !== 'unknown'
  if (isKnown || nowMs < loop.probeDueMs) return
  loop.probeDueMs = nowMs + PROBE_AGAIN_MS
  try {
    loop.probe = await probeApi(loop.sweepPages, contract, nowMs, signal)
    shared.log.info({ contract, ...loop.probe }, 'asked the Activity Log how it pages')
    shared.hooks.probed?.(contract, loop.probe)
  } catch (error) {
    if (!(error instanceof SourceError)) throw error
  }
}

async function readHot(loop: Loop): Promise<void> {
  const { clock, config } = loop.shared
  const nowMs = clock.now()
  // A mark in the future (the clock was set back) must not stop the reading.
  const markMs = Math.min(loop.progress.mark() ?? nowMs, nowMs)
  const span = hotSpan({ markMs, nowMs, overlapMs: config.overlapMs })
  if (span === undefined) return
  for (const window of splitSpan(span)) await readPiece(loop, 'hot', window)
}

/** Sweeps until the next hot read is due; one piece at least, so that they can't starve. */
async function sweepUntil(loop: Loop, sweeps: Sweeps, dueMs: number): Promise<void> {
  const { contract, shared, progress } = loop
  const { clock, log, hooks } = shared
  if (sweeps.wantsUnproven(clock.now())) {
    sweeps.setUnproven(await progress.unproven(), clock.now())
    const gaps = sweeps.takeGaps(clock.now())
    await progress.giveUp(gaps)
    for (const gap of gaps) hooks.gap?.(contract, gap)
  }
  do {
    const piece = sweeps.next(clock.now(), progress.mark() ?? 0)
    if (piece === undefined) return
    try {
      await readPiece(loop, piece.kind, piece.window)
    } catch (error) {
      if (!(error instanceof SourceError)) throw error
      log.debug({ contract, ...piece.window }, 'left a sweep to its next round')
    }
  } while (clock.now() < dueMs)
}

async function readPiece(loop: Loop, kind: ReadKind, window: Span): Promise<void> {
  const { contract, shared, progress, signal } = loop
  const { clock, hooks, config } = shared
  await waitForQueue(loop)
  const parts = readWindow(kind === 'hot' ? loop.hotPages : loop.sweepPages, {
    contract,
    window,
    pageSize: config.pageSize,
    offsetCounts: loop.probe?.offsetCounts === 'pages' ? 'pages' : 'rows',
    signal,
  })
  const sums = { rows: 0, isProven: true }
  for await (const part of parts) {
    const { entries, proven } = part
    const readAt = clock.now()
    const reading = { window: part.window, readAt, entries, liveFrom: loop.liveFrom }
    const fresh = await loop.delivery.deliver(reading)
    if (kind === 'hot') await progress.finish(part, { fresh: fresh.length })
    else if (proven) await progress.prove(part.window)
    tellDelays(loop, kind, fresh, readAt)
    sums.rows += part.total
    sums.isProven &&= proven
    const counts = { entries: entries.length, fresh: fresh.length }
    hooks.partRead?.({ contract, kind, ...part, ...counts })
  }
  const isWholeHour = window.from % WINDOW_MS_MAX === 0 && window.to - window.from === WINDOW_MS_MAX
  if (sums.isProven && isWholeHour) await progress.confirmHour(window.from, sums.rows)
}

/** A sweep tells of stragglers; a hot read only of what happened while somebody was here to read. */
function tellDelays(
  { contract, shared, liveFrom }: Loop,
  kind: ReadKind,
  fresh: readonly ReadEntry[],
  readAt: number,
): void {
  const { hooks } = shared
  for (const { time } of fresh) {
    if (time === undefined || time < liveFrom) continue
    hooks.arrived?.(contract, readAt - time)
    if (kind !== 'hot') hooks.straggler?.(contract, readAt - time)
  }
}

async function waitForQueue({ shared, health, persist, signal }: Loop): Promise<void> {
  while (!signal.aborted) {
    const waiting = await persist('count jobs', async () => await shared.queue.waiting())
    if (waiting <= shared.config.highWater) return health.queueFine()
    health.queueFull(waiting)
    await shared.clock.sleep(QUEUE_WAIT_MS, signal)
  }
}
