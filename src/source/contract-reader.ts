// Owns reading one contract: hot reads on time, sweeps in between, the mark last. Which contracts
// there are, and that only one process reads each, is for others: they end it by its signal, and a
// write that comes too late ends it with a LeaseLostError.
import type { ReadLease } from '../state/stores.ts'
import { createLoop, type Loop, type Shared } from './contract-loop.ts'
import { readPiece } from './contract-piece.ts'
import { SourceError } from './errors.ts'
import { createHealth, type Health } from './health.ts'
import { type ProbeResult, probeApi } from './probe.ts'
import { createSweeps, type Sweeps } from './sweeps.ts'
import { hotSpan, splitSpan } from './window.ts'

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
