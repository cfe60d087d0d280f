// Owns what becomes of a batch that no attempt could evaluate: nothing of it is lost.
import type { Clock } from './core/clock.ts'
import type { EntriesJob } from './queue/queues.ts'
import { readEntry } from './source/read-entry.ts'
import type { BatchStore, DeadLetterStore, EntryKey, Span } from './state/stores.ts'

/**
 * Keeps the entries with their text, and forgets that they were seen: a sweep that finds them again
 * puts them on the queue again, perhaps to a version that can evaluate them. Last of all its span
 * becomes a gap, which the evaluated mark passes: a crash before that does all of it again.
 */
export async function buryBatch(
  job: EntriesJob,
  error: Error,
  stores: {
    readonly deadLetters: DeadLetterStore
    readonly batches: BatchStore
    readonly clock: Clock
  },
): Promise<void> {
  const { id, contract, window, entries, readAt } = job
  const reason = `evaluation-failed: ${error.message}`
  const at = stores.clock.now()
  const letters = entries.map((entry) => ({ reason, text: JSON.stringify(entry), at }))
  const keys = entries.map((entry) => {
    const { time = readAt, ...read } = readEntry(entry, contract)
    return { id: read.id, time }
  })
  await stores.deadLetters.add(contract, letters)
  const span = spanOf(keys, window)
  await stores.batches.poison(contract, { id, window, span, entries: keys, at })
}

/** From the first entry to the last, as far as their times lie in the window they were read from. */
function spanOf(keys: readonly EntryKey[], window: Span): Span {
  const times = keys
    .map(({ time }) => time)
    .filter((time) => time >= window.from && time < window.to)
  if (times.length === 0) return window
  return { from: Math.min(...times), to: Math.max(...times) + 1 }
}
