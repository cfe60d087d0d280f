// Owns the place where JSON is written: a plain field at once, and the real editor when it has been
// loaded. That one is large, so it is a file of its own that only this loads.
import { useEffect, useRef, useState } from 'preact/hooks'

export type EditorProblem = { readonly message: string; readonly place: string }

/** Takes its text when it appears: for another text give it another key. */
export function Editor(props: {
  readonly label: string
  readonly value: string
  readonly onChange: (text: string) => void
  readonly keys?: readonly string[]
}) {
  const place = useRef<HTMLDivElement>(null)
  const [isRich, setRich] = useState(false)
  const editor = useRef<{ destroy: () => void } | undefined>(undefined)
  const onChange = useRef(props.onChange)
  onChange.current = props.onChange

  useEffect(() => {
    let isGone = false
    void import('./rich-editor.ts')
      .then(({ openEditor }) => {
        if (isGone || place.current === null) return
        editor.current = openEditor(place.current, {
          text: props.value,
          label: props.label,
          keys: props.keys ?? [],
          onChange: (text) => onChange.current(text),
        })
        setRich(true)
      })
      // Without it the plain field does.
      .catch(() => {})
    return () => {
      isGone = true
      editor.current?.destroy()
    }
  }, [])

  return (
    <div class="editor">
      <div ref={place} />
      {!isRich && (
        <textarea
          aria-label={props.label}
          spellcheck={false}
          value={props.value}
          onInput={(event) => props.onChange(event.currentTarget.value)}
        />
      )}
    </div>
  )
}
