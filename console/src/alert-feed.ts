// Owns which alerts the list holds: pages as they are scrolled to, and changes as they happen. Rows
// are in the order of their last event, as the API gives them.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { AlertRow } from '../../src/http/alert-view.ts'
import { ApiError, ask } from './api.ts'
import { onNews } from './live.ts'

export type AlertFeed = {
  readonly rows: readonly AlertRow[]
  readonly isLoading: boolean
  readonly error: unknown
  readonly hasMore: boolean
  readonly more: () => void
  readonly reload: () => void
}

type Page = { readonly alerts: readonly AlertRow[]; readonly next?: string }

const PAGE_SIZE = 100
/** An empty page may come with a next one: so many are followed by themselves. */
const EMPTY_PAGES_MAX = 10
const RETRY_MS = 4_000

export function useAlertFeed(query: string): AlertFeed {
  const [rows, setRows] = useState<readonly AlertRow[]>([])
  const [next, setNext] = useState<string>()
  const [error, setError] = useState<unknown>()
  const [isLoading, setLoading] = useState(true)
  const [round, setRound] = useState(0)
  const busy = useRef(false)
  const shown = useRef<readonly AlertRow[]>([])
  shown.current = rows

  // A new question: everything anew. The rows from before stay until the answer is there.
  useEffect(() => {
    const ending = new AbortController()
    let retry: number | undefined
    setLoading(true)
    readPage(query, undefined, ending.signal).then(
      (page) => {
        setRows(page.alerts)
        setNext(page.next)
        setError(undefined)
        setLoading(false)
      },
      (failure: unknown) => {
        if (ending.signal.aborted) return
        setError(failure)
        setLoading(false)
        if (failure instanceof ApiError && failure.code !== 'bad-request') {
          retry = window.setTimeout(() => setRound((count) => count + 1), RETRY_MS)
        }
      },
    )
    return () => {
      ending.abort()
      window.clearTimeout(retry)
    }
  }, [query, round])

  // News: the first page again, and what of the rest is said to have changed.
  useEffect(() => {
    let isCurrent = true
    const refresh = async (ids: readonly string[] | undefined) => {
      const page = await readPage(query, undefined).catch(() => undefined)
      if (page === undefined || !isCurrent) return
      const fresh = new Set(page.alerts.map(({ id }) => id))
      const gone = new Set(ids ?? [])
      const oldest = page.alerts.at(-1)?.last
      setRows((before) => [
        ...page.alerts,
        ...before.filter(
          ({ id, last }) =>
            !fresh.has(id) && !gone.has(id) && oldest !== undefined && last <= oldest,
        ),
      ])
      if (shown.current.length <= page.alerts.length) setNext(page.next)
    }
    const stop = onNews((ids) => void refresh(ids))
    return () => {
      isCurrent = false
      stop()
    }
  }, [query])

  const more = () => {
    if (next === undefined || busy.current) return
    busy.current = true
    readPage(query, next).then(
      (page) => {
        setRows((before) => {
          const known = new Set(before.map(({ id }) => id))
          return [...before, ...page.alerts.filter(({ id }) => !known.has(id))]
        })
        setNext(page.next)
        busy.current = false
      },
      (failure: unknown) => {
        setError(failure)
        busy.current = false
      },
    )
  }

  return {
    rows,
    isLoading,
    error,
    hasMore: next !== undefined,
    more,
    reload: () => setRound((count) => count + 1),
  }
}

async function readPage(
  query: string,
  cursor: string | undefined,
  signal?: AbortSignal,
): Promise<Page> {
  const params = new URLSearchParams(query)
  params.set('limit', String(PAGE_SIZE))
  let at = cursor
  let page: Page = { alerts: [] }
  for (let round = 0; round < EMPTY_PAGES_MAX; round += 1) {
    if (at !== undefined) params.set('cursor', at)
    page = await ask<Page>(
      `/api/alerts?${params.toString()}`,
      signal === undefined ? {} : { signal },
    )
    at = page.next
    if (page.alerts.length > 0 || at === undefined) break
  }
  return page
}
