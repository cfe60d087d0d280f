// Owns what a reader is told (its settings) and what it tells (its hooks). No behaviour.
import type { Span } from '../state/stores.ts'
import type { SourceFailure } from './errors.ts'
import type { ProbeResult } from './probe.ts'
import type { SweepConfig, SweepPiece } from './sweeps.ts'

export type ReaderConfig = {
  /** From the start of one hot read to the next. */
  readonly intervalMs: number
  /** How far before the mark a hot read begins, for entries that show up late. */
  readonly overlapMs: number
  readonly sweeps: readonly SweepConfig[]
  readonly pageSize: number
  readonly requestsPerMinuteMax: number
  /** How far back the very first read of a contract begins. */
  readonly notifyHorizonMs: number
  /** How much history before that it reads, to know what is usual; absent: none. */
  readonly backfillMs?: () => number
  /** Above this many waiting jobs reading waits. */
  readonly highWater: number
}

export type ReadKind = 'hot' | SweepPiece['kind']

/** One part of a window that was read and handed over. */
export type PartRead = {
  readonly contract: string
  readonly kind: ReadKind
  readonly window: Span
  readonly total: number
  readonly known: number
  readonly proven: boolean
  readonly requests: number
  /** Different entries read, and how many of them were new. */
  readonly entries: number
  readonly fresh: number
}

/** What somebody may count; nothing here may throw. */
export type ReaderHooks = {
  readonly partRead?: (part: PartRead) => void
  /** An entry that is new: how long after its time it was read, at most. */
  readonly arrived?: (contract: string, delayMs: number) => void
  /** An entry that only a sweep found: how long after its time, at most. */
  readonly straggler?: (contract: string, delayMs: number) => void
  /** An entry that went to the dead letters, and why. */
  readonly damaged?: (contract: string, reason: string) => void
  readonly failed?: (contract: string, reason: SourceFailure | 'store') => void
  /** A span that was given up. */
  readonly gap?: (contract: string, span: Span) => void
  readonly probed?: (contract: string, result: ProbeResult) => void
}
