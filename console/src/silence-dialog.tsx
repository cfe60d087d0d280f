// Owns making a silence: which alerts, for how long, why, and beforehand what it would mute.
import { useEffect, useState } from 'preact/hooks'
import type { AlertRow } from '../../src/http/alert-view.ts'
import { ask } from './api.ts'
import { Dialog, ErrorNotice } from './parts.tsx'
import { goTo } from './router.tsx'

export type SilencePreview = {
  readonly openCount: number
  readonly recentCount: number
  readonly open: readonly AlertRow[]
  readonly isPartial: boolean
}

const HOUR_MS = 3_600_000
const SPANS = [
  [1, '1 hour'],
  [4, '4 hours'],
  [24, '1 day'],
  [168, '1 week'],
] as const
const SHOWN_MAX = 5

/** Those alerts that share rule and group with this one. */
export function matchersFor(alert: AlertRow): string[] {
  const { rule, contract, group } = alert
  const values = group.filter(({ name }) => name !== 'contract')
  return [
    `rule = ${rule.id}`,
    `contract = ${contract}`,
    ...values.map(({ name, value }) => `${name} = "${value}"`),
  ]
}

/** Hours of `30m`, `1h`, `2d`, `1w`; undefined for anything else: the dialog's own choice stands. */
function hoursOf(span: string | undefined): number | undefined {
  const [, count, unit] = /^([1-9]\d{0,3})([mhdw])$/.exec(span ?? '') ?? []
  const unitHours = { m: 1 / 60, h: 1, d: 24, w: 168 }[unit ?? '']
  return unitHours === undefined ? undefined : Number(count) * unitHours
}

/** What can be chosen, with what a link asked for. */
function spansWith(asked: number | undefined, span: string | undefined) {
  if (asked === undefined || SPANS.some(([hours]) => hours === asked)) return SPANS
  return [...SPANS, [asked, span] as const].sort(([left], [right]) => left - right)
}

export function SilenceDialog(props: {
  readonly alert?: AlertRow
  /** How long, as a link says it: `1h`. */
  readonly span?: string | undefined
  readonly onClose: () => void
  readonly onDone?: () => void
}) {
  const [text, setText] = useState(() =>
    props.alert === undefined ? 'rule = ' : matchersFor(props.alert).join('\n'),
  )
  const asked = hoursOf(props.span)
  const [hours, setHours] = useState(asked ?? 1)
  const [comment, setComment] = useState('')
  const [preview, setPreview] = useState<SilencePreview>()
  const [error, setError] = useState<unknown>()
  const [isBusy, setBusy] = useState(false)
  const matchers = text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)

  useEffect(() => {
    const ending = new AbortController()
    const timer = window.setTimeout(() => {
      const asking = { method: 'POST', body: { matchers }, signal: ending.signal } as const
      ask<SilencePreview>('/api/silences/preview', asking).then(
        (value) => {
          setPreview(value)
          setError(undefined)
        },
        (failure: unknown) => {
          if (ending.signal.aborted) return
          setPreview(undefined)
          setError(failure)
        },
      )
    }, 250)
    return () => {
      window.clearTimeout(timer)
      ending.abort()
    }
  }, [text])

  const submit = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    try {
      const endsAt = new Date(Date.now() + hours * HOUR_MS).toISOString()
      await ask('/api/silences', { method: 'POST', body: { matchers, endsAt, comment } })
      props.onDone?.()
      props.onClose()
      goTo('/silences')
    } catch (failure) {
      setError(failure)
    }
    setBusy(false)
  }
  return (
    <Dialog title="Silence" onClose={props.onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <p class="quiet">
          Nobody is told of alerts that fit all lines, until it ends. They are still raised and
          shown here, and those that are open then are told once.
        </p>
        <label for="matchers">Alerts with</label>
        <textarea
          id="matchers"
          class="mono"
          rows={Math.min(8, matchers.length + 1)}
          spellcheck={false}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <p class="hint">
          One a line: <code>name = value</code>, <code>!=</code>, or <code>=~</code> for an
          expression. Names are rule, severity, tags, contract, and what the alert is grouped by.
        </p>
        <fieldset class="choices row">
          <legend>For</legend>
          {spansWith(asked, props.span).map(([value, label]) => (
            <label key={value}>
              <input
                type="radio"
                name="hours"
                checked={hours === value}
                onChange={() => setHours(value)}
              />
              {label}
            </label>
          ))}
        </fieldset>
        <label for="why">Why</label>
        <input
          id="why"
          autofocus
          required
          maxLength={2_000}
          placeholder="planned work, ticket 123"
          value={comment}
          onInput={(event) => setComment(event.currentTarget.value)}
        />
        <ErrorNotice error={error} />
        {preview !== undefined && <Preview preview={preview} />}
        <footer class="dialog-foot">
          <button class="primary" disabled={isBusy || preview === undefined}>
            Silence
          </button>
        </footer>
      </form>
    </Dialog>
  )
}

function Preview({ preview }: { readonly preview: SilencePreview }) {
  const { openCount, recentCount, open, isPartial } = preview
  const least = isPartial ? 'at least ' : ''
  return (
    <div class="preview" role="status">
      <p>
        It would mute{' '}
        <strong>
          {least}
          {openCount}
        </strong>{' '}
        {openCount === 1 ? 'alert that is' : 'alerts that are'} not resolved, and had muted{' '}
        <strong>
          {least}
          {recentCount}
        </strong>{' '}
        of the last 7 days.
      </p>
      <ul>
        {open.slice(0, SHOWN_MAX).map((alert) => (
          <li key={alert.id}>
            <span class="mono">{alert.name}</span> {alert.title}
          </li>
        ))}
      </ul>
      {open.length > SHOWN_MAX && <p class="quiet">and {openCount - SHOWN_MAX} more</p>}
    </div>
  )
}
