// Owns the list of alerts: filters in the address, live rows, the keyboard. Which rows there are is
// alert-feed.ts', how one looks alert-row.tsx'.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { AlertRow } from '../../src/http/alert-view.ts'
import { ActionDialog, type ActionKind } from './action-dialog.tsx'
import { useAlertFeed } from './alert-feed.ts'
import { GroupFilter } from './group-filter.tsx'
import { AlertRows } from './alert-row.tsx'
import { queryText } from './api.ts'
import { useKeys } from './keys.ts'
import { Empty, ErrorNotice, Loading } from './parts.tsx'
import { goTo, Link, type Place } from './router.tsx'
import { canAct, type Session } from './session.tsx'
import { SilenceDialog } from './silence-dialog.tsx'

const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const
const STATES = ['open', 'acknowledged', 'resolved'] as const
/** What needs somebody: where the list begins. */
const STATES_DEFAULT = 'open,acknowledged'
const SPANS = [
  ['', 'any time'],
  ['1h', 'last hour'],
  ['24h', 'last day'],
  ['7d', 'last week'],
] as const

type Filters = {
  readonly state: string
  readonly severity: string
  readonly rule: string
  readonly q: string
  readonly from: string
  /** `NAME:VALUE` of what the alerts are grouped by. */
  readonly group: readonly string[]
}

function filtersOf(query: URLSearchParams): Filters {
  return {
    state: query.get('state') ?? STATES_DEFAULT,
    severity: query.get('severity') ?? '',
    rule: query.get('rule') ?? '',
    q: query.get('q') ?? '',
    from: query.get('from') ?? '',
    group: query.getAll('group'),
  }
}

function addressOf(filters: Filters): string {
  const { state, ...rest } = filters
  const shown = state === STATES_DEFAULT ? '' : state || 'all'
  return `/alerts${queryText({ ...rest, state: shown })}`
}

export function AlertsPage(props: {
  readonly session: Session
  readonly place: Place
  readonly isGoing: boolean
}) {
  const filters = filtersOf(props.place.query)
  const state = filters.state === 'all' ? '' : filters.state
  const feed = useAlertFeed(queryText({ ...filters, state }))
  const [selected, setSelected] = useState<string>()
  const [acting, setActing] = useState<{ kind: ActionKind | 'silence'; alert: AlertRow }>()
  const search = useRef<HTMLInputElement>(null)

  const change = (changes: Partial<Filters>) =>
    goTo(addressOf({ ...filters, ...changes }), { replace: true })
  const index = feed.rows.findIndex(({ id }) => id === selected)
  const move = (step: number) => {
    const next = feed.rows[Math.max(0, Math.min(feed.rows.length - 1, index + step))]
    if (next !== undefined) setSelected(next.id)
  }
  const act = (kind: ActionKind | 'silence') => {
    const alert = feed.rows[index]
    if (alert !== undefined && canAct(props.session)) setActing({ kind, alert })
  }
  const openSelected = () => {
    // A button or a link that has the focus is what Enter means.
    if (selected === undefined || document.activeElement !== document.body) return 'not mine'
    return goTo(`/alerts/${encodeURIComponent(selected)}`)
  }
  useKeys({
    j: () => move(1),
    k: () => move(index < 0 ? 1 : -1),
    '/': () => search.current?.focus(),
    Enter: () => openSelected(),
    ...(props.isGoing
      ? {}
      : { a: () => act('ack'), r: () => act('resolve'), s: () => act('silence') }),
  })

  const { q, severity, rule, from, group } = filters
  const isFiltered = [q, severity, rule, from, ...group].some((text) => text !== '')
  return (
    <div class="alerts-page">
      <h1 class="hidden">Alerts</h1>
      <FilterBar filters={filters} rows={feed.rows} onChange={change} searchRef={search} />
      <ErrorNotice error={feed.error} />
      {feed.isLoading && feed.rows.length === 0 ? (
        <Loading what="alerts" />
      ) : feed.rows.length === 0 && feed.error === undefined ? (
        <NoAlerts isFiltered={isFiltered} isDefault={filters.state === STATES_DEFAULT} />
      ) : (
        <AlertRows
          rows={feed.rows}
          selected={selected}
          onSelect={setSelected}
          hasMore={feed.hasMore}
          onEnd={feed.more}
        />
      )}
      {acting !== undefined && acting.kind !== 'silence' && (
        <ActionDialog
          kind={acting.kind}
          alert={acting.alert}
          onClose={() => setActing(undefined)}
          onDone={feed.reload}
        />
      )}
      {acting?.kind === 'silence' && (
        <SilenceDialog alert={acting.alert} onClose={() => setActing(undefined)} />
      )}
    </div>
  )
}

function FilterBar(props: {
  readonly filters: Filters
  readonly rows: readonly AlertRow[]
  readonly onChange: (changes: Partial<Filters>) => void
  readonly searchRef: { current: HTMLInputElement | null }
}) {
  const { filters, onChange, searchRef } = props
  const [text, setText] = useState(filters.q)
  // Of the address only what somebody else put there is taken over: what was typed since must not be lost.
  const sent = useRef(filters.q)
  const latest = useRef(onChange)
  latest.current = onChange
  useEffect(() => {
    if (filters.q === sent.current) return
    sent.current = filters.q
    setText(filters.q)
  }, [filters.q])
  useEffect(() => {
    if (text === sent.current) return undefined
    const timer = window.setTimeout(() => {
      sent.current = text
      latest.current({ q: text })
    }, 200)
    return () => window.clearTimeout(timer)
  }, [text])
  const toggle = (list: string, name: string) => {
    const set = new Set(list === 'all' ? STATES : list.split(',').filter(Boolean))
    if (!set.delete(name)) set.add(name)
    return [...set].join(',')
  }
  const isOn = (list: string, name: string) => list === 'all' || list.split(',').includes(name)
  return (
    <search class="filters">
      <input
        ref={searchRef}
        type="search"
        placeholder="Search  ( / )"
        aria-label="Search alerts"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
      />
      <fieldset class="chips">
        <legend class="hidden">State</legend>
        {STATES.map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={isOn(filters.state, name)}
            onClick={() => onChange({ state: toggle(filters.state, name) || 'all' })}
          >
            {name}
          </button>
        ))}
      </fieldset>
      <fieldset class="chips">
        <legend class="hidden">Severity</legend>
        {SEVERITIES.map((name) => (
          <button
            key={name}
            type="button"
            class={`chip-${name}`}
            aria-pressed={isOn(filters.severity, name)}
            onClick={() => onChange({ severity: toggle(filters.severity, name) })}
          >
            {name}
          </button>
        ))}
      </fieldset>
      <select
        aria-label="Time"
        value={filters.from}
        onChange={(event) => onChange({ from: event.currentTarget.value })}
      >
        {SPANS.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      <GroupFilter rows={props.rows} chosen={filters.group} onChange={onChange} />
      {filters.rule !== '' && (
        <button type="button" class="filter-on" onClick={() => onChange({ rule: '' })}>
          rule: {filters.rule} <span aria-hidden="true">✕</span>
          <span class="hidden">remove</span>
        </button>
      )}
    </search>
  )
}

function NoAlerts(props: { readonly isFiltered: boolean; readonly isDefault: boolean }) {
  if (props.isFiltered || !props.isDefault) {
    return (
      <Empty title="No alert fits these filters">
        <p>
          <Link to="/alerts">Show all that are open</Link>
        </p>
      </Empty>
    )
  }
  return (
    <Empty title="Nothing is open">
      <p>
        New alerts appear here by themselves. Silence is only good news while the log is being read:
      </p>
      <p>
        <Link to="/health">Look at the health page</Link>, or at{' '}
        <Link to="/alerts?state=all">all alerts, resolved ones too</Link>.
      </p>
    </Empty>
  )
}
