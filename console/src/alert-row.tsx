// Owns the rows of the list: how one looks, and that only those in sight are in the page, so that
// ten thousand scroll as ten do.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { AlertRow } from '../../src/http/alert-view.ts'
import { Severity, Sparkline, State } from './parts.tsx'
import { Link } from './router.tsx'
import { Age, useNow } from './time.tsx'

/** Heights in style.css: a wide screen has one line for what a narrow one has three. */
const ROW_HEIGHT_PX = 60
const ROW_HEIGHT_NARROW_PX = 104
const NARROW = '(max-width: 760px)'
/** Rows beyond the edges of the screen, so that scrolling shows no gap. */
const MARGIN_ROWS = 12
const GROUP_SHOWN_MAX = 3

export function AlertRows(props: {
  readonly rows: readonly AlertRow[]
  readonly selected: string | undefined
  readonly onSelect: (id: string) => void
  readonly hasMore: boolean
  readonly onEnd: () => void
}) {
  const { rows, selected } = props
  const now = useNow()
  const list = useRef<HTMLOListElement>(null)
  const height = useRowHeight()
  const { from, to } = useWindow(list, height, rows.length)

  useEffect(() => {
    if (props.hasMore && to >= rows.length - MARGIN_ROWS) props.onEnd()
  }, [to, rows.length, props.hasMore])

  // The keyboard moved: the row comes into sight, and has the focus.
  useLayoutEffect(() => {
    const index = rows.findIndex(({ id }) => id === selected)
    const top = list.current?.getBoundingClientRect().top
    if (index < 0 || top === undefined) return
    const at = top + index * height
    const [first, last] = [80, window.innerHeight - height - 70]
    if (at < first) window.scrollBy(0, at - first)
    else if (at > last) window.scrollBy(0, at - last)
    window.requestAnimationFrame(() =>
      list.current?.querySelector<HTMLElement>('.selected a')?.focus({ preventScroll: true }),
    )
  }, [selected])

  return (
    <ol
      ref={list}
      class="alert-rows"
      aria-label="Alerts"
      style={{
        paddingTop: `${from * height}px`,
        paddingBottom: `${Math.max(0, rows.length - to) * height}px`,
      }}
    >
      {rows.slice(from, to).map((row, index) => (
        <Row
          key={row.id}
          row={row}
          now={now}
          isSelected={row.id === selected}
          position={from + index + 1}
          total={props.hasMore ? -1 : rows.length}
        />
      ))}
    </ol>
  )
}

function Row(props: {
  readonly row: AlertRow
  readonly now: number
  readonly isSelected: boolean
  readonly position: number
  readonly total: number
}) {
  const { row, now } = props
  return (
    <li
      class={`alert-row severity-${row.severity} ${row.state}${props.isSelected ? ' selected' : ''}`}
      aria-posinset={props.position}
      aria-setsize={props.total}
    >
      <span class="row-severity">
        <Severity of={row.severity} />
      </span>
      <span class="row-what">
        <Link to={`/alerts/${encodeURIComponent(row.id)}`}>{row.title}</Link>
        <span class="row-about">
          <span class="mono">{row.name}</span>
          {row.group.slice(0, GROUP_SHOWN_MAX).map(({ name, value }) => (
            <span key={name} class="row-value">
              <span class="quiet">{name}</span> {value}
            </span>
          ))}
          <span class="row-value quiet">{row.rule.id}</span>
        </span>
      </span>
      <span class="row-count" title={`${row.count} different events`}>
        <Sparkline times={row.evidenceTimes} first={row.first} last={row.last} />
        <span>{row.count === 1 ? '1 event' : `${row.count} events`}</span>
      </span>
      <span class="row-state">
        <State of={row.state} why={row.resolution} />
        {row.notes.map((note) => (
          <span key={note} class="note">
            {note}
          </span>
        ))}
      </span>
      <span class="row-age">
        <Age iso={row.last} now={now} />
      </span>
    </li>
  )
}

function useRowHeight(): number {
  const read = () => (window.matchMedia(NARROW).matches ? ROW_HEIGHT_NARROW_PX : ROW_HEIGHT_PX)
  const [height, setHeight] = useState(read)
  useEffect(() => {
    const query = window.matchMedia(NARROW)
    const update = () => setHeight(read())
    query.addEventListener('change', update)
    return () => query.removeEventListener('change', update)
  }, [])
  return height
}

/** Which rows are in sight, `[from, to)`. */
function useWindow(
  list: { readonly current: HTMLElement | null },
  height: number,
  count: number,
): { readonly from: number; readonly to: number } {
  const [first, setFirst] = useState(0)
  const [room, setRoom] = useState(30)
  useEffect(() => {
    const update = () => {
      const top = list.current?.getBoundingClientRect().top ?? 0
      setFirst(Math.max(0, Math.floor(-top / height)))
      setRoom(Math.ceil(window.innerHeight / height))
    }
    update()
    window.addEventListener('scroll', update, { passive: true })
    window.addEventListener('resize', update)
    return () => {
      window.removeEventListener('scroll', update)
      window.removeEventListener('resize', update)
    }
  }, [height])
  const from = Math.max(0, Math.min(first, count - room) - MARGIN_ROWS)
  return { from, to: Math.min(count, first + room + MARGIN_ROWS) }
}
