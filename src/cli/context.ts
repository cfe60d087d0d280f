// Owns what a command gets from the outside and how it ends; the commands are one file each.
import type { Clock } from '../core/clock.ts'

/** A place to write to; `isTTY` decides about colours and progress bars. */
export type Output = {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

/** All that a command may know of the process it runs in. */
export type Cli = {
  readonly stdin: NodeJS.ReadableStream
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly clock: Clock
  /** Aborts on Ctrl-C and SIGTERM: a command then stops cleanly and ends by itself. */
  readonly signal: AbortSignal
}

/** 0 fine; 1 the answer is no; 2 wrong use; 3 the outside (API, Redis, network) failed. */
export type ExitCode = 0 | 1 | 2 | 3

/** Ends a command: `message` says what was wrong and where, `remedy` what to do about it. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly exitCode: ExitCode
  readonly remedy: string | undefined

  constructor(exitCode: ExitCode, message: string, remedy?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.exitCode = exitCode
    this.remedy = remedy
  }
}
