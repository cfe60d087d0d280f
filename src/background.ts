// Owns loops of the service that run until it stops: what ends one of them by itself is told.
import type { Log } from './observe/log.ts'
import type { StopList } from './stop-list.ts'

/** A loop that ends when its signal aborts; stopping waits for its end. */
export function runInBackground(
  name: string,
  run: (signal: AbortSignal) => Promise<void>,
  { stops, log }: { readonly stops: StopList; readonly log: Log },
): void {
  const { signal } = stops
  const running = run(signal).catch((error: unknown) => {
    if (!signal.aborted) log.error({ part: name, error }, 'part ended by itself')
  })
  stops.addLoop(name, running)
}
