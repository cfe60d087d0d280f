// Owns the filter of what alerts are grouped by, a user or an address: which values the rows offer, and
// those that are chosen.
import type { AlertRow } from '../../src/http/alert-view.ts'

/** The values most rows have; for others there are the search and the address. */
const OFFERED_MAX = 50

export function GroupFilter(props: {
  readonly rows: readonly AlertRow[]
  readonly chosen: readonly string[]
  readonly onChange: (changes: { readonly group: readonly string[] }) => void
}) {
  const { rows, chosen, onChange } = props
  const offered = offeredOf(rows).filter((text) => !chosen.includes(text))
  return (
    <>
      <select
        aria-label="Group value"
        value=""
        onChange={(event) => {
          const { value } = event.currentTarget
          if (value !== '') onChange({ group: [...chosen, value] })
        }}
      >
        <option value="">any user, address …</option>
        {offered.map((text) => (
          <option key={text} value={text}>
            {shown(text)}
          </option>
        ))}
      </select>
      {chosen.map((text) => (
        <button
          key={text}
          type="button"
          class="filter-on"
          onClick={() => onChange({ group: chosen.filter((other) => other !== text) })}
        >
          {shown(text)} <span aria-hidden="true">✕</span>
          <span class="hidden">remove</span>
        </button>
      ))}
    </>
  )
}

/** `NAME:VALUE`, the most frequent first. */
function offeredOf(rows: readonly AlertRow[]): readonly string[] {
  const counts = new Map<string, number>()
  for (const { group } of rows) {
    for (const { name, value } of group) {
      const text = `${name}:${value}`
      counts.set(text, (counts.get(text) ?? 0) + 1)
    }
  }
  const sorted = [...counts].sort(([, left], [, right]) => right - left)
  return sorted.slice(0, OFFERED_MAX).map(([text]) => text)
}

function shown(text: string): string {
  return text.replace(':', ': ')
}
