// Owns the JSON of a rule on its page: it may be changed, and is checked and tested as it is written.
// Nothing is saved on the server: what is right goes into a pull request.
import { useEffect, useState } from 'preact/hooks'
import { ask } from './api.ts'
import { Editor } from './editor.tsx'
import { useLoaded } from './loaded.ts'
import { CopyButton, downloadText, ErrorNotice, Notice } from './parts.tsx'
import type { RuleProblem, RuleView } from './rule-shapes.ts'
import type { Schema } from './schema-help.ts'
import { parse } from './trial.tsx'

const CHECK_AFTER_MS = 300

type Checked = { readonly problems: readonly RuleProblem[]; readonly tests: RuleView['tests'] }

export function RuleEditor(props: {
  readonly rule: RuleView
  /** The results of what is written; undefined for what is loaded. */
  readonly onTests: (tests: RuleView['tests'] | undefined) => void
}) {
  const { rule, onTests } = props
  const loaded = JSON.stringify(rule.source, undefined, 2)
  const schema = useLoaded<Schema>('/api/schemas/rule').value
  const [text, setText] = useState(loaded)
  const { problems, broken, error } = useCheck(text, loaded, onTests)
  return (
    <section aria-labelledby="json-title">
      <h2 id="json-title">JSON</h2>
      <p class="tools">
        <CopyButton text={text} />
        <button
          type="button"
          class="small"
          onClick={() => downloadText(`${rule.id}.json`, `${text}\n`)}
        >
          Save as file
        </button>
        <span class="quiet">Nothing here is saved: what you change goes into a pull request.</span>
      </p>
      <Editor label="Rule" value={text} onChange={setText} schema={schema} problems={problems} />
      <ErrorNotice error={error} />
      {broken !== undefined && <Notice kind="error">The rule is no JSON yet: {broken}</Notice>}
      {problems.map(({ level, place, message }) => (
        <Notice key={place + message} kind={level}>
          {place !== '' && <code>{place}</code>} {message}
        </Notice>
      ))}
    </section>
  )
}

const NOTHING: Checked['problems'] = []

/** What is wrong with `text`, some time after it was typed. */
function useCheck(text: string, loaded: string, onTests: (tests?: RuleView['tests']) => void) {
  const [problems, setProblems] = useState(NOTHING)
  const [error, setError] = useState<unknown>()
  const { value, problem: broken } = parse(text)
  useEffect(() => {
    if (text === loaded || broken !== undefined) {
      setProblems(NOTHING)
      onTests(undefined)
      return undefined
    }
    const ending = new AbortController()
    const timer = window.setTimeout(() => {
      const body = { rule: value }
      ask<Checked>('/api/rules/check', { method: 'POST', body, signal: ending.signal }).then(
        (checked) => {
          setProblems(checked.problems)
          setError(undefined)
          onTests(checked.tests)
        },
        (failure: unknown) => {
          if (!ending.signal.aborted) setError(failure)
        },
      )
    }, CHECK_AFTER_MS)
    return () => {
      window.clearTimeout(timer)
      ending.abort()
    }
  }, [text, loaded])
  return { problems, broken, error }
}
