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
 * Not `AbortSignal.any` with `AbortSignal.timeout`: up to Node 24 nothing holds the second but the work
 * itself, so that the next collection of garbage takes it away, and the limit is none
 * (https://github.com/nodejs/node/issues/54614).
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
