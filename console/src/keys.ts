// Owns the keyboard: what a key does on the page that is shown. Never while somebody writes.
import { useEffect, useRef } from 'preact/hooks'

/** An act that returns `'not mine'` leaves the key to whatever has the focus. */
export type KeyMap = Readonly<Record<string, (event: KeyboardEvent) => unknown>>

export function useKeys(keys: KeyMap): void {
  const current = useRef(keys)
  current.current = keys
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return
      if (document.querySelector('dialog[open]') !== null) return
      const act = current.current[event.key]
      if (act === undefined || act(event) === 'not mine') return
      event.preventDefault()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
}

function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)
}
