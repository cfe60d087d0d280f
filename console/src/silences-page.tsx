// Owns the page of silences: which there are, whom they keep from being told, and ending one.
import { useState } from 'preact/hooks'
import { ask } from './api.ts'
import { useLoaded } from './loaded.ts'
import { Dialog, Empty, ErrorNotice, Loading, State } from './parts.tsx'
import { goTo, type Place } from './router.tsx'
import { canAct, type Session } from './session.tsx'
import { SilenceDialog } from './silence-dialog.tsx'
import { Time } from './time.tsx'

type SilenceView = {
  readonly id: string
  readonly matchers: readonly string[]
  readonly startsAt: string
  readonly endsAt: string
  readonly author: string
  readonly comment: string
  readonly state: 'pending' | 'active' | 'expired'
  readonly expiredBy?: string
}

const REFRESH_MS = 30_000

export function SilencesPage(props: { readonly session: Session; readonly place: Place }) {
  const { value, error, reload } = useLoaded<{ silences: readonly SilenceView[] }>(
    '/api/silences',
    {
      everyMs: REFRESH_MS,
    },
  )
  const [ending, setEnding] = useState<SilenceView>()
  const [isAdding, setAdding] = useState(props.place.query.has('new'))
  const may = canAct(props.session)
  if (value === undefined) {
    return error === undefined ? <Loading what="silences" /> : <ErrorNotice error={error} />
  }
  return (
    <>
      <header class="page-head">
        <h1>Silences</h1>
        <p class="quiet">
          They keep people from being told. Alerts are raised and shown all the same.
        </p>
        {may && (
          <div class="end">
            <button type="button" onClick={() => setAdding(true)}>
              New silence
            </button>
          </div>
        )}
      </header>
      {value.silences.length === 0 ? (
        <Empty title="There is no silence">
          <p>
            Make one from an alert, where its lines are filled in, or here for work that is planned.
          </p>
        </Empty>
      ) : (
        <div class="table" role="region" aria-label="Table of silences" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">State</th>
                <th scope="col">Alerts with</th>
                <th scope="col">Until</th>
                <th scope="col">Why, and by whom</th>
                <td />
              </tr>
            </thead>
            <tbody>
              {value.silences.map((silence) => (
                <tr key={silence.id}>
                  <td>
                    <State of={silence.state} />
                  </td>
                  <td class="mono">
                    {silence.matchers.map((matcher) => (
                      <div key={matcher}>{matcher}</div>
                    ))}
                  </td>
                  <td>
                    <Time iso={silence.endsAt} />
                  </td>
                  <td>
                    {silence.comment} <span class="quiet">{silence.author}</span>
                    {silence.expiredBy !== undefined && (
                      <span class="quiet">, ended by {silence.expiredBy}</span>
                    )}
                  </td>
                  <td>
                    {may && silence.state !== 'expired' && (
                      <button type="button" class="small" onClick={() => setEnding(silence)}>
                        End
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {ending !== undefined && (
        <EndDialog silence={ending} onClose={() => setEnding(undefined)} onDone={reload} />
      )}
      {isAdding && (
        <SilenceDialog
          onClose={() => {
            setAdding(false)
            if (props.place.query.has('new')) goTo('/silences', { replace: true })
          }}
          onDone={reload}
        />
      )}
    </>
  )
}

function EndDialog(props: {
  readonly silence: SilenceView
  readonly onClose: () => void
  readonly onDone: () => void
}) {
  const [error, setError] = useState<unknown>()
  const end = async () => {
    try {
      await ask(`/api/silences/${props.silence.id}`, { method: 'DELETE' })
      props.onDone()
      props.onClose()
    } catch (failure) {
      setError(failure)
    }
  }
  return (
    <Dialog title="End this silence" onClose={props.onClose}>
      <p>Alerts under it that are still open and that nobody took on are told once.</p>
      <p class="mono">{props.silence.matchers.join(', ')}</p>
      <ErrorNotice error={error} />
      <p class="dialog-foot">
        <button type="button" class="primary" onClick={() => void end()} autofocus>
          End it now
        </button>
      </p>
    </Dialog>
  )
}
