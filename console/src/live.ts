// Owns the stream of news: whether it is open, and who wants to hear that alerts changed. After a
// break it says that anything may have changed.
import { useEffect, useState } from 'preact/hooks'

/** Ids of alerts that changed; undefined: anything may have. */
type Listener = (ids: readonly string[] | undefined) => void

export type LiveState = 'connecting' | 'live' | 'lost'

const RECONNECT_MS = 3_000

const listeners = new Set<Listener>()
const watchers = new Set<(state: LiveState) => void>()
let state: LiveState = 'connecting'
let source: EventSource | undefined
let wasLost = false

function setState(next: LiveState): void {
  state = next
  for (const watcher of watchers) watcher(next)
}

/** Opens the stream; call it once somebody is signed in. */
export function startLive(): void {
  if (source !== undefined) return
  source = new EventSource('/api/stream')
  source.addEventListener('hello', () => {
    setState('live')
    if (wasLost) for (const listener of listeners) listener(undefined)
    wasLost = false
  })
  source.addEventListener('alerts', (event) => {
    const { ids } = JSON.parse((event as MessageEvent<string>).data) as { ids: string[] }
    for (const listener of listeners) listener(ids)
  })
  source.addEventListener('error', () => {
    wasLost = true
    setState('lost')
    // The browser tries by itself, unless it was refused.
    if (source?.readyState !== EventSource.CLOSED) return
    source = undefined
    window.setTimeout(startLive, RECONNECT_MS)
  })
}

export function onNews(listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function useLiveState(): LiveState {
  const [current, setCurrent] = useState(state)
  useEffect(() => {
    watchers.add(setCurrent)
    setCurrent(state)
    return () => void watchers.delete(setCurrent)
  }, [])
  return current
}
