// Owns laying out a table of evidence as text for a fixed-width font.
import { hiddenText, type Table } from './evidence-table.ts'

/** Columns in line, and a last line about the rows that are not shown. */
export function tableText(table: Table): string {
  const { columns, rows } = table
  const all = [columns, ...rows]
  const widths = columns.map((_, index) => Math.max(...all.map((row) => row[index]?.length ?? 0)))
  const lines = all.map((row) => {
    const cells = row.map((cell, index) => cell.padEnd(widths[index] ?? 0))
    return cells.join('  ').trimEnd()
  })
  const more = hiddenText(table)
  if (more !== undefined) lines.push(more)
  return lines.join('\n')
}
