// Owns the shapes of the API's answers: unknown in, typed or undefined out. It makes no request.
import { fieldsOf, isFields } from '../core/fields.ts'
import { boundNesting } from '../core/nesting.ts'

/** One page of a window's hits. */
export type Page = {
  /** How many hits the window has in all, as the API said when it gave this page. */
  readonly total: number
  /**
   * Each hit's `_source`; a hit without an object there is passed on as it came. What is nested too
   * deep to be written again is cut there.
   */
  readonly hits: readonly unknown[]
  /** Rows in this answer: one for each of `hits`. */
  readonly hitCount: number
}

export type ServiceInfo = { readonly name: string; readonly version: string }

/** A bare array of `{id}`; ids are numbers in the API's description and strings here. */
export function parseContracts(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined
  const ids: string[] = []
  for (const item of value as readonly unknown[]) {
    const id = fieldsOf(item)['id']
    if (typeof id !== 'string' && typeof id !== 'number') return undefined
    if (!/^[\w-]{1,64}$/.test(String(id))) return undefined
    ids.push(String(id))
  }
  return [...new Set(ids)]
}

/** `{hits: {total, hits: [{_source}]}}`, an Elasticsearch result. */
export function parsePage(value: unknown): Page | undefined {
  const outer = fieldsOf(fieldsOf(value)['hits'])
  const total = parseTotal(outer['total'])
  const rows = outer['hits']
  if (total === undefined || !Array.isArray(rows)) return undefined
  const hits = rows.map((row) => boundNesting(sourceOf(row)))
  return { total, hits, hitCount: hits.length }
}

function sourceOf(row: unknown): unknown {
  const source = fieldsOf(row)['_source']
  return isFields(source) ? source : row
}

/** `{name, version}`; both are told to people only. */
export function parseInfo(value: unknown): ServiceInfo | undefined {
  if (!isFields(value)) return undefined
  const { name, version } = value
  return {
    name: typeof name === 'string' ? name : 'unknown',
    version: typeof version === 'string' || typeof version === 'number' ? String(version) : '?',
  }
}

/**
 * An integer; Elasticsearch 7 and later write `{value, relation}`, where the relation `gte` says
 * "at least": one more than that can't be taken for the whole.
 */
function parseTotal(value: unknown): number | undefined {
  if (isFields(value)) {
    const total = parseTotal(value['value'])
    return total !== undefined && value['relation'] === 'gte' ? total + 1 : total
  }
  const total = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  return typeof total === 'number' && Number.isSafeInteger(total) && total >= 0 ? total : undefined
}
