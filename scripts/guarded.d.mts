// Owns the types of guarded.mjs, for the TypeScript that imports it.

export type Guarded = {
  /** How it ended, and what it printed at last. Never rejects. */
  readonly ended: Promise<{ readonly how: string; readonly output: string }>
  hasEnded(): boolean
  /** Resolves when nothing of it is left. */
  kill(): Promise<void>
}

/** Starts a helper process that ends with this one, even when this one is killed. */
export function spawnGuarded(
  command: readonly [string, ...string[]],
  options: {
    readonly env: Readonly<Record<string, string | undefined>>
    readonly outputLengthMax: number
  },
): Guarded
