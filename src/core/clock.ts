// Owns what a clock is, so that time is always an argument. The real one lives in ../clock.ts.

export type Clock = {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Resolves after `ms`, or at once (without an error) when the signal aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
}
