// Owns the interfaces of everything that is remembered; redis and memory implement them alike.

/** An entry's identity and event time (ms), as far as the reader knows them. */
export type EntryKey = { readonly id: string; readonly time: number }

/** A span of event time, `[from, to)`, in ms. */
export type Span = { readonly from: number; readonly to: number }

/**
 * How far each contract was read. The mark never moves back; a span that could not be proven
 * complete is remembered until a later read proves it.
 */
export type ReadStore = {
  mark(contract: string): Promise<number | undefined>
  /** Moves the mark to `to` unless it is further already, and remembers unproven spans. */
  finishWindow(contract: string, window: Span, unproven: readonly Span[]): Promise<void>
  /** Spans still unproven, oldest first, at most `limit`. */
  unproven(contract: string, limit: number): Promise<readonly Span[]>
  prove(contract: string, spans: readonly Span[]): Promise<void>
}

/** Which entries went to the queue in the last SEEN_HOURS: saves work, nothing rests on it. */
export type SeenStore = {
  /** For each key whether it was seen. */
  seen(contract: string, keys: readonly EntryKey[]): Promise<readonly boolean[]>
  add(contract: string, keys: readonly EntryKey[]): Promise<void>
  remove(contract: string, keys: readonly EntryKey[]): Promise<void>
}

/** What could not be used, kept with its text and the reason. */
export type DeadLetter = {
  readonly reason: string
  readonly text: string
  readonly at: number
}

export type DeadLetterStore = {
  add(contract: string, letters: readonly DeadLetter[]): Promise<void>
  list(contract: string, limit: number): Promise<readonly DeadLetter[]>
  count(contract: string): Promise<number>
}
