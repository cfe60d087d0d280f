// Owns asking for what a page shows: when it opens, when its question changes, when news come, and
// again after a failure.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { ask, ApiError } from './api.ts'
import { onNews } from './live.ts'

export type Loaded<T> = {
  readonly value: T | undefined
  readonly error: unknown
  readonly isLoading: boolean
  readonly reload: () => void
}

const RETRY_MS = 4_000

type Options = {
  /** Ask again when alerts changed; with ids, only when one of them did. */
  readonly onAlerts?: boolean | readonly string[]
  /** Ask again so often, ms. */
  readonly everyMs?: number
}

/** What the API says to `path`; undefined asks nothing. The old value stays while the new one comes. */
export function useLoaded<T>(path: string | undefined, options: Options = {}): Loaded<T> {
  const [state, setState] = useState<{ path?: string; value?: T; error?: unknown }>({})
  const [asked, setAsked] = useState(0)
  const reload = useCallback(() => setAsked((count) => count + 1), [])
  const watched = useRef(options.onAlerts)
  watched.current = options.onAlerts

  useEffect(() => {
    if (path === undefined) return undefined
    const ending = new AbortController()
    let retry: number | undefined
    ask<T>(path, { signal: ending.signal }).then(
      (value) => setState({ path, value }),
      (error: unknown) => {
        if (ending.signal.aborted) return
        setState((before) => ({ ...before, error }))
        const isPassing =
          error instanceof ApiError && ['offline', 'internal', 'unavailable'].includes(error.code)
        if (isPassing) retry = window.setTimeout(reload, RETRY_MS)
      },
    )
    return () => {
      ending.abort()
      window.clearTimeout(retry)
    }
  }, [path, asked])

  useEffect(
    () =>
      onNews((ids) => {
        const { current } = watched
        const isMeant =
          current === true ||
          (Array.isArray(current) && (ids === undefined || ids.some((id) => current.includes(id))))
        if (isMeant) reload()
      }),
    [],
  )

  useEffect(() => {
    if (options.everyMs === undefined) return undefined
    const timer = window.setInterval(() => {
      if (document.visibilityState === 'visible') reload()
    }, options.everyMs)
    return () => window.clearInterval(timer)
  }, [options.everyMs])

  const isCurrent = state.path === path
  return {
    value: isCurrent || state.path?.split('?')[0] === path?.split('?')[0] ? state.value : undefined,
    error: state.error,
    isLoading: path !== undefined && !isCurrent && state.error === undefined,
    reload,
  }
}
