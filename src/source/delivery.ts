// Owns handing over what was read: new entries to the queue, unusable ones to the dead letters.
// Not the reading, and not the mark, which moves after this.
import { createHash } from 'node:crypto'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../observe/log.ts'
import type {
  BatchStore,
  DeadLetterStore,
  EntryKey,
  Fence,
  FoundEntry,
  SeenStore,
  Span,
} from '../state/stores.ts'
import { expectWritten } from './lease.ts'
import type { ReadEntry } from './read-entry.ts'
import type { ReaderHooks } from './reader-config.ts'

/** Entries of one contract that are evaluated together. */
export type EntriesBatch = {
  /** The same for the same entries read at the same time. */
  readonly id: string
  readonly contract: string
  readonly window: Span
  readonly readAt: number
  readonly entries: readonly unknown[]
}

/** Where new entries go. `enqueue` resolves when they are safe. */
export type EntryQueue = {
  enqueue(batch: EntriesBatch): Promise<void>
  /** Those of the batches that the queue does not hold: they never came, or they are done. */
  missing(ids: readonly string[]): Promise<readonly string[]>
  /** Jobs that wait. */
  waiting(): Promise<number>
}

/** One part of a window, as it was read. */
export type Reading = {
  readonly window: Span
  readonly readAt: number
  readonly entries: readonly ReadEntry[]
  /** Of entries before it (ms) it says nothing how late they were read: nobody was here to read. */
  readonly liveFrom: number
}

export type Delivery = {
  /**
   * Hands over one contract's entries in the order they come. A batch is announced, then queued,
   * then its entries are remembered as seen: a crash in between repeats, never skips, and the
   * evaluated mark never passes a batch that is under way. Returns which entries were new.
   */
  deliver(reading: Reading): Promise<readonly ReadEntry[]>
  /** Takes back what was announced and never queued, because a process died between the two. */
  settle(): Promise<void>
}

/** Runs one call of a store until it succeeds. */
export type Persist = <T>(name: string, call: () => Promise<T>) => Promise<T>

export type DeliveryOptions = {
  readonly contract: string
  readonly fence: Fence
  readonly clock: Clock
  readonly queue: EntryQueue
  readonly batches: BatchStore
  readonly seen: SeenStore
  readonly deadLetters: Pick<DeadLetterStore, 'add'> | undefined
  readonly persist: Persist
  readonly log: Log
  readonly hooks: Pick<ReaderHooks, 'damaged'>
}

/** Entries of one job: fewer cost throughput, more take a worker too long. */
const BATCH_MAX = 100

/** Batches under way that are looked after in one go: those that hold the mark come first. */
const SETTLED_MAX = 500

/** A dead letter keeps this much of its text, so that one broken hit can't fill the store. */
const LETTER_LENGTH_MAX = 16_384

/** Entries without a time whose time of reading is remembered, so that they stay known as seen. */
const TIMELESS_MAX = 10_000

export function createDelivery(options: DeliveryOptions): Delivery {
  const { contract, seen, batches, fence, deadLetters, persist, log, hooks } = options
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
    entries: readonly ReadEntry[],
    reading: Reading,
  ): Promise<readonly ReadEntry[]> => {
    const { window, readAt } = reading
    const keys = entries.map((entry) => keyOf(entry, readAt))
    const known = await persist('look up seen entries', async () => await seen.seen(contract, keys))
    const isNew = (_: unknown, index: number): boolean => known[index] !== true
    const fresh = entries.filter(isNew)
    if (fresh.length === 0) return fresh
    const freshKeys = keys.filter(isNew)
    const usable = fresh.filter((entry) => entry.usable).map((entry) => entry.entry)
    const id = batchId(contract, readAt, freshKeys)
    const batch = { id, contract, window, readAt, entries: usable }
    if (usable.length > 0) await enqueue(batch, firstTime(freshKeys, window), options)
    await bury(fresh, readAt)
    const found = {
      window,
      batch: usable.length > 0 ? id : undefined,
      entries: fresh.map((entry, at) => toFound(entry, freshKeys[at] as EntryKey, reading)),
    }
    const remember = async () => await batches.remember(contract, found, fence)
    expectWritten(contract, await persist('remember entries', remember))
    return fresh
  }

  return {
    async deliver(reading) {
      const { entries } = reading
      const fresh: ReadEntry[] = []
      for (let start = 0; start < entries.length; start += BATCH_MAX) {
        fresh.push(...(await deliverBatch(entries.slice(start, start + BATCH_MAX), reading)))
      }
      return fresh
    },
    settle: async () => await settleBatches(options),
  }
}

async function enqueue(
  batch: EntriesBatch,
  time: number,
  { queue, batches, fence, persist }: DeliveryOptions,
): Promise<void> {
  const { id, contract } = batch
  const announce = async () => await batches.announce(contract, { id, time }, fence)
  expectWritten(contract, await persist('announce a batch', announce))
  await persist('queue entries', async () => await queue.enqueue(batch))
}

/** Nobody else announces while this reader runs, so what is not on the queue never will be. */
async function settleBatches(options: DeliveryOptions): Promise<void> {
  const { contract, queue, batches, persist, log, clock } = options
  const list = async () => await batches.waiting(contract, SETTLED_MAX)
  const ids = await persist('list batches', list)
  const ask = async () => (ids.length === 0 ? [] : await queue.missing(ids))
  const missing = await persist('look for batches', ask)
  const forget = async () => await batches.forget(contract, missing, clock.now())
  await persist('take back batches', forget)
  if (missing.length > 0) log.debug({ contract, missing }, 'batches that the queue does not have')
}

function toFound(entry: ReadEntry, key: EntryKey, { readAt, liveFrom }: Reading): FoundEntry {
  const isLive = entry.time !== undefined && entry.time >= liveFrom
  const delaySeconds = isLive ? (readAt - key.time) / 1_000 : undefined
  return { ...key, usable: entry.usable, delaySeconds }
}

/**
 * The time in ms that the evaluated mark must not pass before the batch is evaluated. An entry
 * whose time lies outside of the window it was found in does not move it.
 */
function firstTime(keys: readonly EntryKey[], window: Span): number {
  const first = keys.reduce((least, { time }) => Math.min(least, time), window.to)
  return Math.max(first, window.from)
}

/** Its number of hexadecimal digits makes an accident impossible, as with a UUID. */
const BATCH_ID_LENGTH = 32

function batchId(contract: string, readAt: number, keys: readonly EntryKey[]): string {
  const hash = createHash('sha256').update(JSON.stringify([contract, readAt]))
  for (const { id } of keys) hash.update(`\n${id}`)
  return `b-${hash.digest('hex').slice(0, BATCH_ID_LENGTH)}`
}

function whyDead(entry: ReadEntry): string | undefined {
  if (!entry.usable) return 'not-an-entry'
  return entry.time === undefined ? 'no-time' : undefined
}

function letterText(entry: unknown): string {
  // JSON.stringify gives undefined for undefined only, which no JSON answer can hold.
  return JSON.stringify(entry).slice(0, LETTER_LENGTH_MAX)
}
