// Owns what becomes of a batch that no attempt could evaluate: nothing of it is lost.
import type { Clock } from './core/clock.ts'
import type { EntriesJob } from './queue/queues.ts'
import { readEntry } from './source/read-entry.ts'
import type { DeadLetterStore, SeenStore } from './state/stores.ts'

/**
 * Keeps the entries with their text, and forgets that they were seen: a sweep that finds them again
 * puts them on the queue again, perhaps to a version that can evaluate them.
 */
export async function buryBatch(
  { contract, entries, readAt }: EntriesJob,
  error: Error,
  stores: { deadLetters: DeadLetterStore; seen: SeenStore; clock: Clock },
): Promise<void> {
  const reason = `evaluation-failed: ${error.message}`
  const at = stores.clock.now()
  const letters = entries.map((entry) => ({ reason, text: JSON.stringify(entry), at }))
  const keys = entries.map((entry) => {
    const { id, time = readAt } = readEntry(entry, contract)
    return { id, time }
  })
  await stores.deadLetters.add(contract, letters)
  await stores.seen.remove(contract, keys)
}
