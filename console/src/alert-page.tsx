// Owns the page of one alert: from what happened, over why, to what can be done about it.
import { useEffect, useState } from 'preact/hooks'
import type { AlertView } from '../../src/http/alert-view.ts'
import { ActionDialog, type ActionKind } from './action-dialog.tsx'
import { AlertAside } from './alert-aside.tsx'
import { ApiError } from './api.ts'
import { EvidenceList } from './evidence.tsx'
import { useKeys } from './keys.ts'
import { useLoaded } from './loaded.ts'
import { Empty, ErrorNotice, Loading, Notice, Severity, State } from './parts.tsx'
import { goTo, Link, type Place } from './router.tsx'
import { canAct, type Session } from './session.tsx'
import { SilenceDialog } from './silence-dialog.tsx'
import { Age, Span, Time, useNow } from './time.tsx'
import { Timeline } from './timeline.tsx'
import { WhyTree } from './why-tree.tsx'

type Doing = ActionKind | 'silence'

/** What links in messages ask for, by their query. */
const ASKED: Readonly<Record<string, Doing>> = {
  acknowledge: 'ack',
  ack: 'ack',
  resolve: 'resolve',
  silence: 'silence',
}

export function AlertPage(props: {
  readonly id: string
  readonly session: Session
  readonly place: Place
}) {
  const { id, session, place } = props
  const path = `/api/alerts/${encodeURIComponent(id)}`
  const { value: alert, error, isLoading, reload } = useLoaded<AlertView>(path, { onAlerts: [id] })
  const [doing, setDoing] = useState<Doing>()
  const may = canAct(session)

  // A link in a message opens the question; only a click on its button does something.
  useEffect(() => {
    const asked = ASKED[place.query.get('do') ?? '']
    if (asked !== undefined && alert !== undefined && may) setDoing(asked)
  }, [alert === undefined])
  const close = () => {
    setDoing(undefined)
    if (place.query.has('do')) goTo(place.path, { replace: true })
  }
  useEffect(() => {
    if (alert !== undefined) document.title = `${alert.name} ${alert.title} · Tocsin`
  }, [alert?.title])
  useKeys({
    Escape: () => goTo('/alerts'),
    ...(may && alert !== undefined
      ? {
          a: () => alert.state === 'open' && setDoing('ack'),
          r: () => alert.state !== 'resolved' && setDoing('resolve'),
          s: () => setDoing('silence'),
        }
      : {}),
  })

  if (error instanceof ApiError && ['not-found', 'bad-request'].includes(error.code)) {
    return (
      <Empty title="There is no such alert">
        <p>It may be past its retention, or the link was cut.</p>
        <p>
          <Link to="/alerts?state=all">Look through all alerts</Link>
        </p>
      </Empty>
    )
  }
  if (isLoading || alert === undefined) {
    return error === undefined ? <Loading what="the alert" /> : <ErrorNotice error={error} />
  }
  return (
    <article class="alert-page">
      <Head alert={alert} />
      <ErrorNotice error={error} />
      <Notes alert={alert} />
      {may && <Actions alert={alert} onDo={setDoing} />}
      <div class="columns">
        <div>
          <section aria-labelledby="timeline-title">
            <h2 id="timeline-title">Time line</h2>
            <Timeline alert={alert} />
          </section>
          {alert.why !== undefined && (
            <section aria-labelledby="why-title">
              <h2 id="why-title">Why it was raised</h2>
              <WhyTree why={alert.why} />
            </section>
          )}
          <section aria-labelledby="evidence-title">
            <h2 id="evidence-title">Evidence</h2>
            <EvidenceList evidence={alert.evidence} rule={alert.rule.id} />
          </section>
        </div>
        <aside>
          <AlertAside alert={alert} />
        </aside>
      </div>
      {doing !== undefined && doing !== 'silence' && (
        <ActionDialog kind={doing} alert={alert} onClose={close} onDone={reload} />
      )}
      {doing === 'silence' && (
        <SilenceDialog alert={alert} span={place.query.get('for') ?? undefined} onClose={close} />
      )}
    </article>
  )
}

function Head({ alert }: { readonly alert: AlertView }) {
  const now = useNow()
  return (
    <header class={`alert-head severity-${alert.severity}`}>
      <p class="alert-labels">
        <Severity of={alert.severity} />
        <State of={alert.state} why={alert.resolution} />
        <span class="mono">{alert.name}</span>
        <Age iso={alert.last} now={now} />
      </p>
      <h1>{alert.title}</h1>
      <p class="story">
        <Story alert={alert} />
      </p>
    </header>
  )
}

/** What happened, in a sentence. */
function Story({ alert }: { readonly alert: AlertView }) {
  const told = alert.deliveries.filter(({ state }) => state === 'delivered')
  const [first] = [...told].sort((a, b) => (a.firstAt < b.firstAt ? -1 : 1))
  const isOne = alert.count === 1
  return (
    <>
      {alert.summary !== undefined && alert.summary !== alert.title && <>{alert.summary} — </>}
      {isOne ? 'One event at ' : `${alert.count} events from `}
      <Span from={alert.first} to={alert.last} />
      {first === undefined ? (
        '; nobody was told so far'
      ) : (
        <>
          ; {first.receiver} was told at <Time iso={first.lastAt} />
        </>
      )}
      {alert.acknowledged !== undefined && (
        <>
          ; {alert.acknowledged.by} took it on at <Time iso={alert.acknowledged.at} />
        </>
      )}
      {alert.resolved !== undefined && (
        <>
          ; {alert.resolved.by} resolved it at <Time iso={alert.resolved.at} />
        </>
      )}
      .
    </>
  )
}

const NOTE_TEXTS: Readonly<Record<string, string>> = {
  disputed: 'Disputed: a second evaluation of the rule did not agree. Check it by hand.',
  historical: 'From before monitoring began: nobody was told.',
  staged: 'Its rule is staged: it is recorded, and nobody is told.',
  silenced: 'A silence is over it: nobody is told until that ends.',
}

function Notes({ alert }: { readonly alert: AlertView }) {
  return (
    <>
      {alert.notes.map((note) => (
        <Notice key={note} kind="warning">
          {NOTE_TEXTS[note] ?? note}
        </Notice>
      ))}
    </>
  )
}

function Actions(props: { readonly alert: AlertView; readonly onDo: (doing: Doing) => void }) {
  const { alert, onDo } = props
  return (
    <div class="actions" role="group" aria-label="Actions">
      {alert.state === 'open' && (
        <button type="button" class="primary" onClick={() => onDo('ack')}>
          Acknowledge
        </button>
      )}
      {alert.state !== 'resolved' && (
        <button type="button" onClick={() => onDo('resolve')}>
          Resolve
        </button>
      )}
      <button type="button" onClick={() => onDo('comment')}>
        Comment
      </button>
      <button type="button" onClick={() => onDo('silence')}>
        Silence
      </button>
      {!alert.rule.id.startsWith('tocsin-') && (
        <Link class="button" to={exceptionAddress(alert)}>
          Make an exception
        </Link>
      )}
    </div>
  )
}

/** The playground, with the rule and an exception for what the events of this alert share. */
function exceptionAddress(alert: AlertView): string {
  const query = new URLSearchParams({ rule: alert.rule.id })
  const event = alert.evidence.at(-1)
  if (event !== undefined) query.set('event', event.id)
  for (const { name, value } of alert.group) query.append('except', `${name}=${value}`)
  return `/playground?${query.toString()}`
}
