// Owns addresses: which page is shown, the query beside it, and going from one to another without
// loading anything anew. Back and forward are the browser's.
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'

export type Place = { readonly path: string; readonly query: URLSearchParams }

const listeners = new Set<() => void>()

export function currentPlace(): Place {
  return { path: location.pathname, query: new URLSearchParams(location.search) }
}

export function goTo(address: string, options: { readonly replace?: boolean } = {}): void {
  if (options.replace) history.replaceState(undefined, '', address)
  else history.pushState(undefined, '', address)
  for (const listener of listeners) listener()
}

export function usePlace(): Place {
  const [place, setPlace] = useState(currentPlace)
  useEffect(() => {
    const update = () => setPlace(currentPlace())
    listeners.add(update)
    window.addEventListener('popstate', update)
    return () => {
      listeners.delete(update)
      window.removeEventListener('popstate', update)
    }
  }, [])
  return place
}

type LinkProps = {
  readonly to: string
  readonly class?: string
  readonly current?: boolean
  readonly label?: string
  readonly children: ComponentChildren
}

/** A link within the console; with a modifier key it is the browser's, as people expect. */
export function Link({ to, children, current, label, ...rest }: LinkProps) {
  const open = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    goTo(to)
  }
  return (
    <a
      href={to}
      onClick={open}
      class={rest.class}
      aria-label={label}
      aria-current={current ? 'page' : undefined}
    >
      {children}
    </a>
  )
}
