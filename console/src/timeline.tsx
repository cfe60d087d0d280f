// Owns the time line of an alert: what happened, who was told, and what people did, in one order.
import type { ComponentChildren } from 'preact'
import type { AlertView } from '../../src/http/alert-view.ts'
import { Time } from './time.tsx'

type Moment = {
  readonly at: string
  readonly kind: 'event' | 'told' | 'failed' | 'person'
  readonly what: ComponentChildren
}

const KIND_TEXTS = { event: 'event', told: 'told', failed: 'not told', person: 'action' } as const
const MARKS = { event: '●', told: '➤', failed: '✗', person: '✎' } as const
const FIELDS_SHOWN_MAX = 4

export function Timeline({ alert }: { readonly alert: AlertView }) {
  const moments = momentsOf(alert)
  const hidden = alert.count - alert.evidence.length
  return (
    <>
      <ol class="timeline">
        {moments.map((moment, index) => (
          <li key={index} class={moment.kind}>
            <span class="moment-mark" aria-hidden="true">
              {MARKS[moment.kind]}
            </span>
            <span class="moment-time">
              <Time iso={moment.at} />
            </span>
            <span class="moment-what">
              <span class="hidden">{KIND_TEXTS[moment.kind]}: </span>
              {moment.what}
            </span>
          </li>
        ))}
      </ol>
      {hidden > 0 && (
        <p class="quiet">
          {hidden} more {hidden === 1 ? 'event lies' : 'events lie'} between the first and the
          latest ones.
        </p>
      )}
    </>
  )
}

function momentsOf(alert: AlertView): readonly Moment[] {
  const events = alert.evidence.map(
    (event): Moment => ({
      at: event.time,
      kind: 'event',
      what: (
        <>
          {event.fields.slice(0, FIELDS_SHOWN_MAX).map(({ name, value }) => (
            <span key={name} class="row-value">
              <span class="quiet">{name}</span> {value}
            </span>
          ))}
        </>
      ),
    }),
  )
  const told = alert.deliveries.map((delivery): Moment => {
    const isDone = delivery.state === 'delivered'
    const tries = delivery.attempts > 1 ? `, ${delivery.attempts} tries` : ''
    return {
      at: delivery.lastAt,
      kind: delivery.state === 'dead' || delivery.failure !== undefined ? 'failed' : 'told',
      what: (
        <>
          <strong>{delivery.receiver}</strong> {isDone ? 'was told' : delivery.state}{' '}
          <span class="quiet">
            ({delivery.reason}
            {tries})
          </span>{' '}
          {delivery.failure}
        </>
      ),
    }
  })
  const done = alert.trail.map(
    (entry): Moment => ({
      at: entry.at,
      kind: 'person',
      what: (
        <>
          <strong>{entry.by}</strong> {ACTION_TEXTS[entry.action] ?? entry.action}
          {entry.reason !== undefined && entry.reason !== 'manual' && ` as ${entry.reason}`}
          <span class="quiet"> from {entry.from}</span>
          {entry.comment !== undefined && <q class="comment">{entry.comment}</q>}
        </>
      ),
    }),
  )
  return [...events, ...told, ...done].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
}

const ACTION_TEXTS: Readonly<Record<string, string>> = {
  acknowledge: 'acknowledged it',
  resolve: 'resolved it',
  comment: 'commented',
  end: 'ended it',
  reopen: 'opened it again',
}
