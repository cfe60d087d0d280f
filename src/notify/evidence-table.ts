// Owns which columns and rows of an alert's evidence a message shows.
import type { Alert } from '../core/alert.ts'
import { factLabel } from './fact-label.ts'
import { oneLine } from './escape.ts'
import type { TimeText } from './time-text.ts'

export type Table = {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Evidence events that the alert has and the table does not show. */
  readonly hidden: number
  /** What the hidden rows are, where it isn't plain: `rules`. */
  readonly hiddenWhat?: string
}

/** Rows: enough to see a pattern, few enough for a phone. */
const ROWS_MAX = 8
/** Columns beside the time. */
const COLUMNS_MAX = 4
const CELL_LENGTH_MAX = 60

/** The evidence that differs from row to row, or undefined when one event is all there is. */
export function evidenceTable(alert: Alert, time: TimeText): Table | undefined {
  const { evidence } = alert
  if (evidence.length < 2) return undefined
  const names = new Set(evidence.flatMap((one) => one.fields.map((field) => field.name)))
  const columns = [...names]
    .filter((name) => new Set(evidence.map((one) => valueOf(one.fields, name))).size > 1)
    .slice(0, COLUMNS_MAX)
  const shown = firstAndLast(evidence, ROWS_MAX)
  return {
    columns: ['Time', ...columns.map(factLabel)],
    rows: shown.map((one) => [
      time.short(one.time),
      ...columns.map((name) => oneLine(valueOf(one.fields, name), CELL_LENGTH_MAX)),
    ]),
    hidden: Math.max(0, alert.count - shown.length),
  }
}

/** `… and 4 more`, or undefined when the table shows all. */
export function hiddenText({ hidden, hiddenWhat }: Table): string | undefined {
  if (hidden === 0) return undefined
  return `… and ${hidden} more${hiddenWhat === undefined ? '' : ` ${hiddenWhat}`}`
}

function valueOf(fields: readonly { name: string; value: string }[], name: string): string {
  return fields.find((field) => field.name === name)?.value ?? ''
}

/** How it began and how it goes on: half from either end. */
function firstAndLast<T>(items: readonly T[], max: number): readonly T[] {
  if (items.length <= max) return items
  const half = Math.ceil(max / 2)
  return [...items.slice(0, half), ...items.slice(items.length - (max - half))]
}
