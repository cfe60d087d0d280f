// Owns the playground: a rule, an entry, and at once what the one says of the other, what people
// would be told, and what it would have raised in the last week. Nothing is saved on the server.
import { useEffect, useMemo, useState } from 'preact/hooks'
import type { EventView } from '../../src/http/event-view.ts'
import { ask, queryText } from './api.ts'
import { Editor } from './editor.tsx'
import { readShared, withException } from './exception.ts'
import { useLoaded } from './loaded.ts'
import { MessagePreview } from './message-preview.tsx'
import { CopyButton, downloadText, ErrorNotice, Loading, Notice } from './parts.tsx'
import type { Place } from './router.tsx'
import type { Schema } from './schema-help.ts'
import type { Explained, RulesAnswer, RuleView } from './rule-shapes.ts'
import { parse, Trial } from './trial.tsx'
import { timeText } from './time.tsx'
import { WhyTree } from './why-tree.tsx'

const EXPLAIN_AFTER_MS = 300
const EVENTS_OFFERED_MAX = 100
const EXAMPLE = {
  id: 'my-rule',
  title: 'My rule',
  severity: 'medium',
  conditions: { all: [{ fact: 'operation', operator: 'equal', value: 'delete' }] },
  alert: { title: '{{ user }} deleted {{ resource }} {{ resourceId }}', groupBy: ['user'] },
}

const pretty = (value: unknown) => JSON.stringify(value, undefined, 2)

export function Playground({ place }: { readonly place: Place }) {
  const ruleId = place.query.get('rule') ?? undefined
  const eventId = place.query.get('event') ?? undefined
  const rules = useLoaded<RulesAnswer>('/api/rules')
  const latest = useEvents()
  const matched = useEvents(ruleId)
  const shared = readShared(place.query)
  const events = useMemo(() => {
    if (latest.value === undefined || matched.value === undefined) return undefined
    const known = new Set(matched.value.events.map(({ id }) => id))
    return [...matched.value.events, ...latest.value.events.filter(({ id }) => !known.has(id))]
  }, [latest.value, matched.value])
  const schema = useLoaded<Schema>('/api/schemas/rule').value
  const [problems, setProblems] = useState<Explained['problems']>()
  const [ruleText, setRuleText] = useState<string>()
  const [entryText, setEntryText] = useState<string>()
  const [round, setRound] = useState(0)
  const [failure, setFailure] = useState<unknown>()

  /** Editors begin anew with a text that nobody typed. */
  const give = (set: (text: string) => void, value: unknown) => {
    set(pretty(value))
    setRound((count) => count + 1)
  }
  const takeRule = (id: string) => {
    if (id === '') return give(setRuleText, EXAMPLE)
    ask<RuleView>(`/api/rules/${encodeURIComponent(id)}`).then(
      ({ source }) => give(setRuleText, withException(source, shared, Date.now())),
      setFailure,
    )
  }
  useEffect(() => takeRule(ruleId ?? ''), [ruleId])
  useEffect(() => {
    if (events === undefined || entryText !== undefined) return
    const event = events.find(({ id }) => id === eventId) ?? events[0]
    give(setEntryText, event?.entry ?? {})
  }, [events])

  if (ruleText === undefined || entryText === undefined) {
    return latest.error === undefined ? (
      <Loading what="events" />
    ) : (
      <ErrorNotice error={latest.error} />
    )
  }
  return (
    <>
      <header class="page-head">
        <h1>Playground</h1>
        <p class="quiet">
          Nothing here is saved: copy the rule into a pull request when it is right.
        </p>
      </header>
      <ErrorNotice error={failure} />
      <div class="playground">
        <div>
          <section aria-labelledby="rule-heading">
            <h2 id="rule-heading">Rule</h2>
            <div class="tools">
              <select
                aria-label="Begin with a rule"
                value={ruleId ?? ''}
                onChange={(event) => takeRule(event.currentTarget.value)}
              >
                <option value="">a new rule</option>
                {rules.value?.rules.map(({ id, title }) => (
                  <option key={id} value={id}>
                    {title}
                  </option>
                ))}
              </select>
              <CopyButton text={ruleText} />
              <button
                type="button"
                class="small"
                onClick={() => downloadText(fileName(ruleText), ruleText)}
              >
                Save as file
              </button>
            </div>
            <Editor
              key={`rule ${round}`}
              label="Rule"
              value={ruleText}
              onChange={setRuleText}
              schema={schema}
              problems={problems}
            />
          </section>
          <section aria-labelledby="entry-heading">
            <h2 id="entry-heading">Entry</h2>
            <div class="tools">
              <select
                aria-label="Take a recent event"
                onChange={(event) => {
                  const chosen = events?.find(({ id }) => id === event.currentTarget.value)
                  if (chosen !== undefined) give(setEntryText, chosen.entry)
                }}
              >
                <option value="">a recent event, or paste one below</option>
                {events?.map((event) => (
                  <option key={event.id} value={event.id} selected={event.id === eventId}>
                    {eventText(event)}
                  </option>
                ))}
              </select>
            </div>
            {events?.length === 0 && (
              <Notice kind="warning">
                No event is kept yet. Paste an entry as the API gives it, or wait for one.
              </Notice>
            )}
            <Editor
              key={`entry ${round}`}
              label="Entry"
              value={entryText}
              onChange={setEntryText}
            />
          </section>
        </div>
        <div>
          <Verdict ruleText={ruleText} entryText={entryText} onProblems={setProblems} />
          <Trial ruleText={ruleText} />
        </div>
      </div>
    </>
  )
}

/** The latest events; with a rule, those that matched it. */
function useEvents(rule?: string) {
  const query = queryText({ rule, limit: EVENTS_OFFERED_MAX })
  return useLoaded<{ events: readonly EventView[] }>(`/api/events${query}`)
}

function eventText({ time, facts, rules }: EventView): string {
  const { user, operation, resource } = facts as Record<string, string | undefined>
  const what = [user, operation, resource].filter(Boolean).join(' ')
  return `${timeText(time)}  ${what}${rules.length > 0 ? `  (${rules.join(', ')})` : ''}`
}

function fileName(ruleText: string): string {
  const id = /"id"\s*:\s*"([a-z0-9-]+)"/.exec(ruleText)?.[1] ?? 'rule'
  return `${id}.json`
}

function Verdict(props: {
  readonly ruleText: string
  readonly entryText: string
  readonly onProblems: (problems: Explained['problems']) => void
}) {
  const { ruleText, entryText } = props
  const [answer, setAnswer] = useState<Explained>()
  const [error, setError] = useState<unknown>()
  const rule = parse(ruleText)
  const entry = parse(entryText)
  useEffect(() => {
    if (rule.problem !== undefined || entry.problem !== undefined) return undefined
    const ending = new AbortController()
    const timer = window.setTimeout(() => {
      const body = { rule: rule.value, entry: entry.value }
      ask<Explained>('/api/rules/explain', { method: 'POST', body, signal: ending.signal }).then(
        (value) => {
          setAnswer(value)
          setError(undefined)
          props.onProblems(value.problems)
        },
        (failure: unknown) => {
          if (!ending.signal.aborted) setError(failure)
        },
      )
    }, EXPLAIN_AFTER_MS)
    return () => {
      window.clearTimeout(timer)
      ending.abort()
    }
  }, [ruleText, entryText])

  const broken = rule.problem ?? entry.problem
  if (broken !== undefined) {
    const what = rule.problem === undefined ? 'entry' : 'rule'
    return (
      <Notice kind="error">
        The {what} is no JSON yet: {broken}
      </Notice>
    )
  }
  if (error !== undefined) return <ErrorNotice error={error} />
  if (answer === undefined) return <Loading what="the verdict" />
  return (
    <section aria-labelledby="verdict-heading">
      <h2 id="verdict-heading">Verdict</h2>
      {answer.problems.map(({ level, place, message }) => (
        <Notice key={place + message} kind={level}>
          {place !== '' && <code>{place}</code>} {message}
        </Notice>
      ))}
      {answer.verdict !== undefined && (
        <p class={`verdict ${answer.verdict ? 'ok-text' : 'bad-text'}`} role="status">
          {answer.verdict ? '✓ It matches' : '✗ It does not match'}
        </p>
      )}
      {answer.why !== undefined && <WhyTree why={answer.why} />}
      {answer.exceptions !== undefined && answer.exceptions.length > 0 && (
        <>
          <h3>Exceptions: one that holds lets it through</h3>
          {answer.exceptions.map((why, index) => (
            <WhyTree key={index} why={why} />
          ))}
        </>
      )}
      {answer.message !== undefined && <MessagePreview message={answer.message} />}
    </section>
  )
}
