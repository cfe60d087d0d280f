// Owns what a receiver is and how a delivery fails. What each one does: one file beside this one.
import type { z } from 'zod'
import type { Clock } from '../core/clock.ts'
import type { Budget, Notice } from '../core/digest.ts'
import type { Log } from '../observe/log.ts'

/** Somewhere alerts are told. `send` resolves when the other side has accepted the message. */
export type Receiver = {
  readonly name: string
  readonly type: string
  /** Throws a DeliveryError; aborts when the signal does. Safe to call again with the same. */
  send(notice: Notice, signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** What a receiver remembers between sends, over restarts and replicas; forgotten after 90 days. */
export type ReceiverMemory = {
  get(key: string): Promise<string | undefined>
  set(key: string, value: string): Promise<void>
}

/** What a receiver may use of the outside. */
export type ReceiverContext = {
  readonly name: string
  readonly clock: Clock
  readonly log: Log
  /** IANA name, for times shown to people. */
  readonly timezone: string
  /** Where stdout goes, and whether it is a terminal that shows colours. */
  readonly output: { write(text: string): unknown; readonly colour: boolean }
  readonly httpsProxy?: string
  readonly noProxy?: string
  /** Where people reach the console, for links. */
  readonly publicUrl?: string
  readonly memory: ReceiverMemory
}

/** A kind of receiver: one file, one test, one line in index.ts. */
export type ReceiverKind<Config> = {
  readonly type: string
  /** Its part of the configuration, with documentation for editors. */
  readonly schema: z.ZodType<Config>
  /** The least time between two sends unless the configuration says otherwise. */
  readonly paceMsDefault: number
  /** How many messages it takes one by one; what records everything has no budget. */
  readonly budgetDefault: Budget | 'off'
  /** Whether the other side keeps a state of each alert, so that closing one must be told. */
  stateful(config: Config): boolean
  /** People get reminders that are due together in one message; programs get each. */
  readonly readBy: 'people' | 'programs'
  create(config: Config, context: ReceiverContext): Receiver
}

/** The same words as in the metric `tocsin_errors_total{stage="delivery",reason}`. */
export type DeliveryFailure =
  | 'rate-limited'
  | 'server-error'
  | 'refused'
  | 'unauthorized'
  | 'timeout'
  | 'network'
  | 'aborted'
  | 'expired'

/** A delivery that failed, classified once, at the edge. Its message never holds a secret. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError'
  readonly reason: DeliveryFailure
  readonly retryable: boolean
  /** What the other side asked for; the receiver's queue waits that long. */
  readonly retryAfterMs: number | undefined
  /** The other side may have accepted it all the same (cut after the request was sent). */
  readonly maybeAccepted: boolean

  constructor(
    message: string,
    options: {
      reason: DeliveryFailure
      retryable: boolean
      retryAfterMs?: number | undefined
      maybeAccepted?: boolean
      cause?: unknown
    },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.reason = options.reason
    this.retryable = options.retryable
    this.retryAfterMs = options.retryAfterMs
    this.maybeAccepted = options.maybeAccepted ?? false
  }
}
