// Owns the interfaces of what is remembered of reading and evaluating the log: marks, batches under
// way, the ledger, the gaps, and who reads which contract. redis and memory implement them alike.
import type { Coverage, Gap, Span } from '../core/coverage.ts'

export type { Span } from '../core/coverage.ts'

/** An entry's identity and event time (ms), as far as the reader knows them. */
export type EntryKey = { readonly id: string; readonly time: number }

/**
 * Proves that a reader is the latest that got a contract's lease. Every write of a reader names it,
 * and does nothing once another reader has a higher one. 0 where no lease was ever given.
 */
export type Fence = number

export type Written = 'written' | 'fenced'

export type ReadBegin = {
  /** Nothing before it was promised; 0 when that is not known any more. */
  readonly since: number
  readonly mark: number
  readonly isFirst: boolean
}

/** A window, or a part of one, that was read: a line of the ledger. */
export type WindowRecord = {
  readonly window: Span
  readonly proven: boolean
  /** Rows that the API said there are, and those that were seen. */
  readonly total: number
  readonly known: number
  /** Different entries, and those that were new and queued. */
  readonly entries: number
  readonly fresh: number
  /** When (ms). */
  readonly at: number
}

/**
 * How far each contract was read. The mark never moves back; a span that could not be proven
 * complete is remembered until a later read proves it.
 */
export type ReadStore = {
  /**
   * Where reading of a contract began, and how far it got. On the very first call both are `from`:
   * written down before anything is read, so that a crash in the first window can't move them.
   */
  begin(contract: string, from: number): Promise<ReadBegin>
  mark(contract: string): Promise<number | undefined>
  /** Contracts that were ever begun, in order. */
  contracts(): Promise<readonly string[]>
  /**
   * One transition: the window goes into the ledger, an unproven one is a gap, a proven one closes
   * the gaps inside it, and the mark moves to its end unless it is further already.
   */
  finishWindow(contract: string, record: WindowRecord, fence: Fence): Promise<Written>
  /** The latest windows of the ledger, newest first, at most `limit`. */
  windows(contract: string, limit: number): Promise<readonly WindowRecord[]>
  /** Spans still unproven and when they were found, oldest first, at most `limit`. */
  unproven(contract: string, limit: number): Promise<readonly Gap[]>
  /** A sweep read the window completely: the gaps inside it are closed. */
  prove(contract: string, window: Span, at: number, fence: Fence): Promise<Written>
  /** Unproven spans that nobody tries any more: they stay gaps. */
  giveUp(contract: string, spans: readonly Span[]): Promise<void>
  /** A sweep proved how many rows a whole hour has. */
  confirmHour(contract: string, hour: number, rows: number, at: number): Promise<void>
}

/**
 * How far each contract was *evaluated*: what statements about absence wait for. It never moves
 * back, and neither a poisoned batch nor a second that can't be read holds it up: those are gaps.
 */
export type MarkStore = {
  /**
   * Everything with an earlier event time (ms) was read and evaluated, or lies in a gap, or became
   * visible too late to be read then. Undefined before the first read.
   */
  evaluated(contract: string): Promise<number | undefined>
  /** Spans that intersect `[from, to)` of which something may be missing, oldest first. */
  gaps(contract: string, span: Span): Promise<readonly Gap[]>
}

/** What was found in a window of the ledger, and which batch took it. */
export type Found = {
  /** The window it was read from: its hours are the ledger's. */
  readonly window: Span
  /** Undefined when nothing of it can be evaluated. */
  readonly batch: string | undefined
  readonly entries: readonly FoundEntry[]
}

export type FoundEntry = EntryKey & {
  readonly usable: boolean
  /** How long after its time it was read, seconds; undefined when that says nothing. */
  readonly delaySeconds: number | undefined
}

/** A batch that ends: its name, and the window whose hours it is counted in. */
export type BatchName = { readonly id: string; readonly window: Span }

/**
 * Batches of entries between the reader and the end of their evaluation. One is announced before
 * the queue has it: a crash in between leaves a name that `waiting` lists, never a hidden batch.
 */
export type BatchStore = {
  /** `time` (ms) is that of its first entry: the evaluated mark stays at or before it. */
  announce(
    contract: string,
    batch: { readonly id: string; readonly time: number },
    fence: Fence,
  ): Promise<Written>
  /** The queue has it: its entries are known from now on, and each is counted once. */
  remember(contract: string, found: Found, fence: Fence): Promise<Written>
  /** A version of the rules evaluated it. Doing it again changes nothing. */
  finish(contract: string, batch: BatchName, ruleSetVersion: string): Promise<void>
  /** The queue doesn't have it. What was remembered of it is a gap: it is lost. */
  forget(contract: string, ids: readonly string[], at: number): Promise<void>
  /** Nothing can evaluate it: its span is a gap. Doing it again changes nothing. */
  poison(contract: string, poisoned: PoisonedBatch): Promise<void>
  /** Ids of those announced and not finished, oldest event first, at most `limit`. */
  waiting(contract: string, limit: number): Promise<readonly string[]>
}

export type PoisonedBatch = BatchName & {
  /** From its first entry to its last. */
  readonly span: Span
  /** They are no longer known as seen, so that a sweep brings them again. */
  readonly entries: readonly EntryKey[]
  readonly at: number
}

/** What of a contract was history when it was first read: its alerts tell nobody. */
export type HistoryStore = {
  /** Alerts that ended before `liveFromMs` are history; said once, later calls change nothing. */
  begin(contract: string, liveFromMs: number): Promise<void>
  /** Undefined: nothing is. */
  liveFrom(contract: string): Promise<number | undefined>
  /** Whether the caller is the first to say what history held; it says so then. */
  tell(contract: string): Promise<boolean>
}

/** Which entries went to the queue in the last SEEN_HOURS: saves work, and counts each once. */
export type SeenStore = {
  /** For each key whether it was seen. */
  seen(contract: string, keys: readonly EntryKey[]): Promise<readonly boolean[]>
}

/** What the ledger says of a span. */
export type CoverageStore = {
  /** The span is widened to whole hours. */
  coverage(contract: string, span: Span): Promise<Coverage>
}

/** Who reads a contract: one reader at a time, and the next one soon after it died. */
export type ReadLeaseStore = {
  /** The fence when the lease was free; undefined while another one holds it. */
  acquire(contract: string, forMs: number): Promise<Fence | undefined>
  /** For each lease whether it is still held; also when it ran out and nobody took it. */
  renew(leases: readonly ReadLease[], forMs: number): Promise<readonly boolean[]>
  /** Frees them at once, those that are still held. */
  release(leases: readonly ReadLease[]): Promise<void>
}

export type ReadLease = { readonly contract: string; readonly fence: Fence }
