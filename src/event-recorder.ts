// Owns which evaluated events are kept for people to look at: those that matched, and now and then
// one that did not. Keeping them is the store's matter; it never holds up evaluating.
import type { Clock } from './core/clock.ts'
import type { Metrics } from './observe/metrics.ts'
import type { Batch, EntryResult } from './pipeline.ts'
import type { EventStore, StoredEvent } from './state/view-stores.ts'

/** Of one batch at most; a rule that matches everything must not cost more than matching. */
const MATCHED_PER_BATCH_MAX = 20
const SAMPLED_PER_BATCH_MAX = 5
/** Between two samples of one contract, in one process. */
const SAMPLE_EVERY_MS = 2_000
/** Writes under way; what comes while Redis is slow is not kept. */
const WRITES_MAX = 20
const CONTRACTS_MAX = 10_000

export type EventRecorder = (batch: Batch, entries: readonly EntryResult[]) => void

export function createEventRecorder(parts: {
  readonly events: EventStore
  readonly clock: Clock
  readonly metrics: Metrics
}): EventRecorder {
  const { events, clock, metrics } = parts
  const sampledAt = new Map<string, number>()
  let writes = 0

  const maySample = (contract: string, now: number): boolean => {
    if (now - (sampledAt.get(contract) ?? 0) < SAMPLE_EVERY_MS) return false
    if (sampledAt.size >= CONTRACTS_MAX) sampledAt.clear()
    sampledAt.set(contract, now)
    return true
  }

  return (batch, entries) => {
    const matched = entries.filter(({ rules }) => rules.length > 0)
    const now = clock.now()
    const others = maySample(batch.contract, now) ? entries.filter(isUnmatched) : []
    const chosen = [
      ...matched.slice(-MATCHED_PER_BATCH_MAX),
      ...others.slice(-SAMPLED_PER_BATCH_MAX),
    ].flatMap((entry) => toStored(entry, batch.readAt))
    if (chosen.length === 0 || writes >= WRITES_MAX) return
    writes += 1
    events
      .record(batch.contract, chosen, now)
      .catch(() => metrics.errors.inc({ stage: 'record', reason: 'store' }))
      .finally(() => {
        writes -= 1
      })
  }
}

function isUnmatched({ event, rules }: EntryResult): boolean {
  return event !== undefined && rules.length === 0
}

function toStored({ event, rules }: EntryResult, readAt: number): StoredEvent[] {
  if (event === undefined) return []
  const ids = rules.map(({ id }) => id)
  return [{ id: event.id, time: event.time ?? readAt, readAt, rules: ids, entry: event.entry }]
}
