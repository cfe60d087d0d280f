// Owns handing over what was read: new entries to the queue, unusable ones to the dead letters.
// Not the reading, and not the mark, which moves after this.
import type { Log } from '../observe/log.ts'
import type { DeadLetterStore, EntryKey, SeenStore } from '../state/stores.ts'
import type { ReadEntry } from './read-entry.ts'
import type { ReaderHooks } from './reader-config.ts'

/** Where new entries go. `enqueue` resolves when they are safe. */
export type EntryQueue = {
  enqueue(contract: string, entries: readonly unknown[]): Promise<void>
  /** Jobs that wait. */
  waiting(): Promise<number>
}

export type Delivery = {
  /**
   * Hands over one contract's entries in the order they come, and remembers each as seen once the
   * queue has it: a crash between the two repeats, never skips. Returns which were new.
   */
  deliver(entries: readonly ReadEntry[], readAtMs: number): Promise<readonly ReadEntry[]>
}

/** Runs one call of a store until it succeeds. */
export type Persist = <T>(name: string, call: () => Promise<T>) => Promise<T>

export type DeliveryOptions = {
  readonly contract: string
  readonly queue: EntryQueue
  readonly seen: SeenStore
  readonly deadLetters: Pick<DeadLetterStore, 'add'> | undefined
  readonly persist: Persist
  readonly log: Log
  readonly hooks: Pick<ReaderHooks, 'damaged'>
}

/** Entries of one job: fewer cost throughput, more take a worker too long. */
const BATCH_MAX = 100

/** A dead letter keeps this much of its text, so that one broken hit can't fill the store. */
const LETTER_LENGTH_MAX = 16_384

/** Entries without a time whose time of reading is remembered, so that they stay known as seen. */
const TIMELESS_MAX = 10_000

export function createDelivery(options: DeliveryOptions): Delivery {
  const { contract, queue, seen, deadLetters, persist, log, hooks } = options
  // Seen ids are kept by event time; without one the first reading stands in, and must not change.
  const timeless = new Map<string, number>()

  const keyOf = (entry: ReadEntry, readAtMs: number): EntryKey => {
    if (entry.time !== undefined) return { id: entry.id, time: entry.time }
    const time = timeless.get(entry.id) ?? readAtMs
    if (timeless.size >= TIMELESS_MAX) timeless.clear()
    timeless.set(entry.id, time)
    return { id: entry.id, time }
  }

  const bury = async (entries: readonly ReadEntry[], at: number): Promise<void> => {
    const letters = entries.flatMap((entry) => {
      const reason = whyDead(entry)
      return reason === undefined ? [] : [{ reason, text: letterText(entry.entry), at }]
    })
    if (letters.length === 0 || deadLetters === undefined) return
    await persist('add dead letters', async () => await deadLetters.add(contract, letters))
    for (const { reason } of letters) hooks.damaged?.(contract, reason)
    const reasons = [...new Set(letters.map(({ reason }) => reason))]
    const fields = { contract, entries: letters.length, reasons }
    log.warn(fields, 'damaged entries are in the dead letters')
  }

  const deliverBatch = async (
    batch: readonly ReadEntry[],
    readAtMs: number,
  ): Promise<readonly ReadEntry[]> => {
    const keys = batch.map((entry) => keyOf(entry, readAtMs))
    const known = await persist('look up seen entries', async () => await seen.seen(contract, keys))
    const fresh = batch.filter((_, index) => known[index] !== true)
    if (fresh.length === 0) return fresh
    const usable = fresh.filter((entry) => entry.usable).map((entry) => entry.entry)
    if (usable.length > 0) {
      await persist('queue entries', async () => await queue.enqueue(contract, usable))
    }
    await bury(fresh, readAtMs)
    const freshKeys = keys.filter((_, index) => known[index] !== true)
    await persist('remember entries', async () => await seen.add(contract, freshKeys))
    return fresh
  }

  return {
    async deliver(entries, readAtMs) {
      const fresh: ReadEntry[] = []
      for (let start = 0; start < entries.length; start += BATCH_MAX) {
        fresh.push(...(await deliverBatch(entries.slice(start, start + BATCH_MAX), readAtMs)))
      }
      return fresh
    },
  }
}

function whyDead(entry: ReadEntry): string | undefined {
  if (!entry.usable) return 'not-an-entry'
  return entry.time === undefined ? 'no-time' : undefined
}

function letterText(entry: unknown): string {
  // JSON.stringify gives undefined for undefined only, which no JSON answer can hold.
  return JSON.stringify(entry).slice(0, LETTER_LENGTH_MAX)
}
