// Owns the small things every page is made of: labels of severity and state, notices, empty states,
// copying, and a dialog. They know nothing of what they show.
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError, messageOf } from './api.ts'

const SEVERITY_MARKS: Readonly<Record<string, string>> = {
  critical: '‼',
  high: '!',
  medium: '▲',
  low: '▽',
  info: 'i',
}

/** Colour, letter and word: no one of them alone says it. */
export function Severity({ of }: { readonly of: string }) {
  return (
    <span class={`severity ${of}`}>
      <span aria-hidden="true">{SEVERITY_MARKS[of]}</span> {of}
    </span>
  )
}

export function State({ of, why }: { readonly of: string; readonly why?: string | undefined }) {
  const text = why === undefined || why === 'manual' ? of : `${of}: ${why.replace('-', ' ')}`
  return <span class={`state ${of}`}>{text}</span>
}

export function Notice(props: {
  readonly kind: 'error' | 'warning' | 'good'
  readonly children: ComponentChildren
}) {
  return (
    <div class={`notice ${props.kind}`} role={props.kind === 'error' ? 'alert' : 'status'}>
      {props.children}
    </div>
  )
}

export function ErrorNotice({ error }: { readonly error: unknown }) {
  if (error === undefined || (error instanceof ApiError && error.code === 'unauthorized'))
    return null
  const faults = error instanceof ApiError ? error.faults : []
  return (
    <Notice kind="error">
      <p>{faults.length > 1 ? 'This is wrong:' : messageOf(error)}</p>
      {faults.length > 1 && (
        <ul>
          {faults.map((fault) => (
            <li key={fault.pointer}>
              <code>{fault.pointer}</code> {fault.message}
            </li>
          ))}
        </ul>
      )}
    </Notice>
  )
}

/** Says what this place is for and what to do next. */
export function Empty(props: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{props.title}</p>
      {props.children}
    </div>
  )
}

export function Loading({ what }: { readonly what: string }) {
  return (
    <p class="loading" role="status">
      Loading {what} …
    </p>
  )
}

export function CopyButton({
  text,
  label = 'Copy',
}: {
  readonly text: string
  readonly label?: string
}) {
  const [isDone, setDone] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(text).catch(() => {})
    setDone(true)
    window.setTimeout(() => setDone(false), 1_500)
  }
  return (
    <button type="button" class="small" onClick={() => void copy()}>
      {isDone ? 'Copied' : label}
    </button>
  )
}

export function downloadText(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}

/** The browser's own dialog: it keeps the focus, and Escape closes it. */
export function Dialog(props: {
  readonly title: string
  readonly onClose: () => void
  readonly children: ComponentChildren
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  const isOver = useRef(false)
  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  // The browser tells of the end a moment after it: by then the next dialog may be open, which stays.
  const end = () => {
    if (isOver.current) return
    isOver.current = true
    props.onClose()
  }
  return (
    <dialog ref={dialog} onCancel={end} onClose={end} aria-labelledby="dialog-title">
      <header class="dialog-head">
        <h2 id="dialog-title">{props.title}</h2>
        <button type="button" class="plain" aria-label="Close" onClick={end}>
          ✕
        </button>
      </header>
      {props.children}
    </dialog>
  )
}

export function Json({ value }: { readonly value: unknown }) {
  return (
    <pre class="json" tabIndex={0}>
      {JSON.stringify(value, undefined, 2)}
    </pre>
  )
}

/** When events came, oldest left; without a scale, as only the rhythm matters. */
export function Sparkline(props: {
  readonly times: readonly string[]
  readonly first: string
  readonly last: string
}) {
  const from = new Date(props.first).getTime()
  const span = Math.max(1, new Date(props.last).getTime() - from)
  const marks = props.times.map((iso) => ((new Date(iso).getTime() - from) / span) * 60 + 2)
  return (
    <svg class="sparkline" viewBox="0 0 64 16" aria-hidden="true">
      <line x1="2" x2="62" y1="14" y2="14" />
      {marks.map((x, index) => (
        <rect key={index} x={Math.min(x, 61).toFixed(1)} y="3" width="1.6" height="10" />
      ))}
    </svg>
  )
}
