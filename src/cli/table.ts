// Owns tables of text on a terminal: columns side by side, cut to its width. Knows no content.
import { cutText } from '../core/fact-value.ts'
import type { Output } from './context.ts'

const GAP = '  '

/** Narrower than this nothing is readable, so that lines wrap instead. */
const LAST_COLUMN_MIN = 10

/** The rows as lines; on a terminal the last column is cut to fit, elsewhere nothing is. */
export function formatTable(
  rows: readonly (readonly string[])[],
  output: Pick<Output, 'isTTY' | 'columns'>,
): string {
  const count = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: Math.max(0, count - 1) }, (_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  const used = widths.reduce((sum, width) => sum + width + GAP.length, 0)
  const room = output.isTTY && output.columns ? output.columns - used : Number.POSITIVE_INFINITY
  const lastMax = Math.max(room, LAST_COLUMN_MIN)
  return rows
    .map((row) => {
      const cells = row.map((cell, column) => {
        const width = widths[column]
        return width === undefined ? cutText(cell, lastMax) : cell.padEnd(width)
      })
      return `${cells.join(GAP).trimEnd()}\n`
    })
    .join('')
}
