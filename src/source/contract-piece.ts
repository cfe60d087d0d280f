// Owns reading one piece of a contract's log: page by page to the queue, and only then written down as read. Which
// piece is next: contract-reader.ts.
import type { Span } from '../state/stores.ts'
import type { Loop } from './contract-loop.ts'
import { readWindow } from './page-reader.ts'
import type { ReadEntry } from './read-entry.ts'
import type { ReadKind } from './reader-config.ts'
import { WINDOW_MS_MAX } from './window.ts'

/** While the queue is full it is asked this often. */
const QUEUE_WAIT_MS = 1_000

export async function readPiece(loop: Loop, kind: ReadKind, window: Span): Promise<void> {
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
