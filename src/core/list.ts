// Owns named lists of values or networks that conditions look facts up in. Files: ruleset.ts.
import { type Cidr, parseCidr } from './address.ts'
import { createAddressSet, readAddress } from './address-set.ts'
import { isObject, pointerTo, type Report, reportError, reportUnknownKeys } from './shape.ts'
import { describeFound, suggestName } from './suggest.ts'

export type List = {
  readonly name: string
  readonly kind: 'values' | 'cidr'
  readonly description: string | undefined
  /** How many different values or networks it holds. */
  readonly size: number
  /** The members of a list of values, in order; of networks none: membership is not equality. */
  readonly values: readonly (string | number)[]
  /** `values`: exactly one of them; `cidr`: the text of an address inside one of them. */
  has(value: unknown): boolean
}

/** Members of one list; the largest public threat lists have about 100,000. */
const ITEMS_MAX = 500_000

/** Faults reported per list: a file of the wrong kind has one in every line. */
const FAULTS_MAX = 20

const KINDS = ['values', 'cidr'] as const

/** Reads the content of a list file; undefined when a fault was reported. */
export function parseList(name: string, value: unknown, report: Report): List | undefined {
  if (!isObject(value)) {
    const found = describeFound(value)
    return reportError(report, '', `found ${found}, expected an object with "kind" and "items"`)
  }
  const keys = ['$schema', 'description', 'kind', 'items']
  let faulty = false
  const counted: Report = (problem) => {
    faulty = true
    report(problem)
  }
  reportUnknownKeys(value, keys, { pointer: '', report: counted })
  const description = value.description
  if (description !== undefined && typeof description !== 'string') {
    reportError(counted, '/description', `found ${describeFound(description)}, expected a text`)
  }
  const kind = KINDS.find((candidate) => candidate === value.kind)
  if (kind === undefined) reportKind(value.kind, counted)
  const items = parseItems(value.items, counted)
  if (kind === undefined || items === undefined) return undefined
  const text = typeof description === 'string' ? description : undefined
  const list =
    kind === 'values'
      ? valueList(name, text, readItems(items, readValue, counted))
      : cidrList(name, text, readItems(items, readCidr, counted))
  return faulty ? undefined : list
}

function reportKind(kind: unknown, report: Report): void {
  const hint = typeof kind === 'string' ? suggestName(kind, KINDS) : ''
  const expected = 'expected "values" (exact) or "cidr" (addresses inside networks)'
  reportError(report, '/kind', `found ${describeFound(kind)}, ${expected}${hint}`)
}

function parseItems(items: unknown, report: Report): readonly unknown[] | undefined {
  if (!Array.isArray(items)) {
    return reportError(report, '/items', `found ${describeFound(items)}, expected a list`)
  }
  if (items.length <= ITEMS_MAX) return items
  return reportError(report, '/items', `${items.length} items, at most ${ITEMS_MAX} are allowed`)
}

type Read<T> = (item: unknown) => T | { readonly problem: string }

/** What can be read of the items; reports the first faults and how many more there are. */
function readItems<T extends Cidr | string | number>(
  items: readonly unknown[],
  read: Read<T>,
  report: Report,
): readonly T[] {
  const values: T[] = []
  let faults = 0
  for (const [index, item] of items.entries()) {
    const result = read(item)
    if (typeof result !== 'object' || !('problem' in result)) {
      values.push(result)
      continue
    }
    faults += 1
    if (faults <= FAULTS_MAX) reportError(report, pointerTo('/items', index), result.problem)
  }
  if (faults > FAULTS_MAX) {
    reportError(report, '/items', `${faults - FAULTS_MAX} more items have a fault`)
  }
  return values
}

const readValue: Read<string | number> = (item) => {
  if (typeof item === 'string' || typeof item === 'number') return item
  return { problem: `found ${describeFound(item)}, expected a text or a number` }
}

const readCidr: Read<Cidr> = (item) => {
  const cidr = typeof item === 'string' ? parseCidr(item.trim()) : undefined
  const expected = 'expected a network such as "10.0.0.0/8" or "2001:db8::/32", or an address'
  return cidr ?? { problem: `found ${describeFound(item)}, ${expected}` }
}

function valueList(
  name: string,
  description: string | undefined,
  values: readonly (string | number)[],
): List {
  const set = new Set<unknown>(values)
  return {
    name,
    kind: 'values',
    description,
    size: set.size,
    values: [...new Set(values)],
    has: (value) => set.has(value),
  }
}

function cidrList(name: string, description: string | undefined, cidrs: readonly Cidr[]): List {
  const networks = createAddressSet(cidrs)
  return {
    name,
    kind: 'cidr',
    description,
    size: cidrs.length,
    values: [],
    has(value) {
      const address = typeof value === 'string' ? readAddress(value) : undefined
      return address !== undefined && networks.has(address)
    },
  }
}
