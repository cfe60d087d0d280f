// Owns the place where JSON is written: a plain field at once, and the real editor when it has been
// loaded. That one is large, so it is a file of its own that only this loads.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { EditorProblem, RichEditor } from './rich-editor.ts'
import type { Schema } from './schema-help.ts'

const NO_PROBLEMS: readonly EditorProblem[] = []

/** Takes its text when it appears: for another text give it another key. */
export function Editor(props: {
  readonly label: string
  readonly value: string
  readonly onChange: (text: string) => void
  readonly schema?: Schema | undefined
  /** What is wrong with the text, told apart from its being no JSON. */
  readonly problems?: readonly EditorProblem[] | undefined
}) {
  const place = useRef<HTMLDivElement>(null)
  const [isRich, setRich] = useState(false)
  const editor = useRef<RichEditor | undefined>(undefined)
  const current = useRef(props)
  current.current = props
  const problems = props.problems ?? NO_PROBLEMS

  useEffect(() => {
    let isGone = false
    void import('./rich-editor.ts')
      .then(({ openEditor }) => {
        if (isGone || place.current === null) return
        editor.current = openEditor(place.current, {
          text: current.current.value,
          label: props.label,
          schema: () => current.current.schema,
          onChange: (text) => current.current.onChange(text),
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
  useEffect(() => editor.current?.showProblems(problems), [problems, isRich])

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
