// Owns the limit in real time on a piece of work: a signal that aborts after so long, or with another one.

/** What a limit ends work with; fetch and undici name theirs the same. */
const NAME = 'TimeoutError'

export type TimeLimit = {
  readonly signal: AbortSignal
  /** To be called when the work has ended, however it did. */
  end(): void
}

/**
 * Its signal aborts when the given one does, with its reason, or with a `TimeoutError` after `limitMs`.
 *
 * Not `AbortSignal.any` with `AbortSignal.timeout`: nothing holds the second, so that the next collection
 * of garbage takes it away, and the limit is none (https://github.com/nodejs/node/issues/57736; seen with
 * Node 20.20).
 */
export function startTimeLimit(signal: AbortSignal, limitMs: number): TimeLimit {
  const controller = new AbortController()
  const follow = () => controller.abort(signal.reason)
  if (signal.aborted) follow()
  signal.addEventListener('abort', follow, { once: true })
  const timer = setTimeout(() => {
    controller.abort(new DOMException(`not done within ${limitMs} ms`, NAME))
  }, limitMs)
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer)
      signal.removeEventListener('abort', follow)
    },
  }
}
