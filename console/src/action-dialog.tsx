// Owns asking before something is done to an alert: a comment, a reason, and one confirming click.
import { useRef, useState } from 'preact/hooks'
import type { AlertRow } from '../../src/http/alert-view.ts'
import { ApiError, ask } from './api.ts'
import { Dialog, ErrorNotice, Notice } from './parts.tsx'

export type ActionKind = 'ack' | 'resolve' | 'comment'

const TITLES = { ack: 'Acknowledge', resolve: 'Resolve', comment: 'Comment on' } as const
const ABOUT = {
  ack: 'You take it on: reminders and escalations stop. What grows or gets worse is still told.',
  resolve: 'It is over. If the same happens again, a new alert opens that links to this one.',
  comment: 'It joins the time line of the alert, for whoever reads it next.',
} as const

export function ActionDialog(props: {
  readonly kind: ActionKind
  readonly alert: AlertRow
  readonly onClose: () => void
  readonly onDone: () => void
}) {
  const { kind, alert } = props
  const [comment, setComment] = useState('')
  const [reason, setReason] = useState('manual')
  const [error, setError] = useState<unknown>()
  const [isBusy, setBusy] = useState(false)
  const form = useRef<HTMLFormElement>(null)

  const submit = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    setError(undefined)
    try {
      await ask(`/api/alerts/${encodeURIComponent(alert.id)}/${kind}`, {
        method: 'POST',
        ifMatch: `"${alert.revision}"`,
        body: {
          ...(comment.trim() !== '' && { comment: comment.trim() }),
          ...(kind === 'resolve' && { reason }),
        },
      })
      props.onDone()
      props.onClose()
    } catch (failure) {
      setError(failure)
      if (failure instanceof ApiError && failure.code === 'conflict') props.onDone()
    }
    setBusy(false)
  }
  const conflict = error instanceof ApiError && error.code === 'conflict' ? error : undefined
  return (
    <Dialog title={`${TITLES[kind]} ${alert.name}`} onClose={props.onClose}>
      <form ref={form} onSubmit={(event) => void submit(event)}>
        <p class="dialog-subject">{alert.title}</p>
        <p class="quiet">{ABOUT[kind]}</p>
        {kind === 'resolve' && (
          <fieldset class="choices">
            <legend>It was</legend>
            <label>
              <input
                type="radio"
                name="reason"
                checked={reason === 'manual'}
                onChange={() => setReason('manual')}
              />
              real, and is dealt with
            </label>
            <label>
              <input
                type="radio"
                name="reason"
                checked={reason === 'false-positive'}
                onChange={() => setReason('false-positive')}
              />
              a false positive
            </label>
          </fieldset>
        )}
        <label for="comment">Comment{kind === 'comment' ? '' : ', if you like'}</label>
        <textarea
          id="comment"
          rows={3}
          maxLength={2_000}
          required={kind === 'comment'}
          autofocus={kind === 'comment'}
          value={comment}
          onInput={(event) => setComment(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey))
              form.current?.requestSubmit()
          }}
        />
        {conflict !== undefined ? (
          <Notice kind="warning">
            {conflict.message}. Nothing was changed: close this and look again.
          </Notice>
        ) : (
          <ErrorNotice error={error} />
        )}
        <footer class="dialog-foot">
          <button
            class="primary"
            disabled={isBusy || conflict !== undefined}
            autofocus={kind !== 'comment'}
          >
            {kind === 'comment' ? 'Comment' : TITLES[kind]}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
