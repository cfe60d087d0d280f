// Owns running a rule over the events that are kept: how many alerts it had raised in a week.
import { useState } from 'preact/hooks'
import type { AlertRow } from '../../src/http/alert-view.ts'
import { ask } from './api.ts'
import { ErrorNotice, Severity } from './parts.tsx'
import { Link } from './router.tsx'
import type { Explained } from './rule-shapes.ts'
import { Time } from './time.tsx'

type TrialAnswer = {
  readonly events: number
  readonly from?: string
  readonly count: number
  readonly alerts: readonly AlertRow[]
  readonly problems: Explained['problems']
}

const TRIAL_ALERTS_SHOWN_MAX = 20

export function Trial({ ruleText }: { readonly ruleText: string }) {
  const [answer, setAnswer] = useState<TrialAnswer>()
  const [error, setError] = useState<unknown>()
  const [isBusy, setBusy] = useState(false)
  const rule = parse(ruleText)
  const run = async () => {
    setBusy(true)
    setError(undefined)
    try {
      const body = { rule: rule.value }
      setAnswer(await ask<TrialAnswer>('/api/rules/try', { method: 'POST', body }))
    } catch (failure) {
      setError(failure)
    }
    setBusy(false)
  }
  return (
    <section aria-labelledby="trial-heading">
      <h2 id="trial-heading">In the last 7 days</h2>
      <p class="tools">
        <button
          type="button"
          disabled={isBusy || rule.problem !== undefined}
          onClick={() => void run()}
        >
          {isBusy ? 'Running …' : 'Run over recent events'}
        </button>
      </p>
      <ErrorNotice error={error} />
      {answer !== undefined && (
        <div role="status">
          <p>
            <strong>{answer.count}</strong> {answer.count === 1 ? 'alert' : 'alerts'} of{' '}
            {answer.events} kept events
            {answer.from !== undefined && (
              <>
                {' '}
                since <Time iso={answer.from} />
              </>
            )}
            .
          </p>
          <p class="quiet">
            Kept are the events that matched a rule and a sample of others: for all of them,{' '}
            <code>npx tocsin backtest</code>.
          </p>
          <ul class="related">
            {answer.alerts.slice(0, TRIAL_ALERTS_SHOWN_MAX).map((alert) => (
              <li key={alert.id}>
                <Severity of={alert.severity} /> {alert.title}{' '}
                <span class="quiet">
                  {alert.count} × <Time iso={alert.last} />
                </span>
              </li>
            ))}
          </ul>
          {answer.count > TRIAL_ALERTS_SHOWN_MAX && (
            <p class="quiet">and {answer.count - TRIAL_ALERTS_SHOWN_MAX} more</p>
          )}
          {answer.count === 0 && (
            <p>
              Look at the verdict above, or at <Link to="/rules">rules that do match</Link>.
            </p>
          )}
        </div>
      )}
    </section>
  )
}

/** What is written in an editor, or why it is no JSON yet. */
export function parse(text: string): { readonly value?: unknown; readonly problem?: string } {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch (error) {
    return { problem: (error as Error).message }
  }
}
