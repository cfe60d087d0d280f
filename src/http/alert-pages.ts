// Owns pages of alerts over all contracts: the newest first, filtered, and going on exactly where
// the page before ended. What is kept, and in which order, is the stores' matter.
import { type Alert, alertName, type AlertState } from '../core/alert.ts'
import type { Severity } from '../core/severity.ts'
import type { ContractStore } from '../state/stores.ts'
import type { AlertPageStore, AlertPlaceInTime } from '../state/view-stores.ts'

export type GroupValue = { readonly name: string; readonly value: string }

export type AlertFilter = {
  /** Empty lists let everything through. */
  readonly states: readonly AlertState[]
  readonly severities: readonly Severity[]
  readonly rules: readonly string[]
  readonly contracts: readonly string[]
  /** Values it is grouped by; where a name comes several times, one of its values. */
  readonly group: readonly GroupValue[]
  /** Free text, looked for in all that an alert shows. */
  readonly text: string
  /** Last event, ms. */
  readonly from: number
  readonly to: number
}

/** After which alert a page begins: alerts of one moment are in the order of contract and place. */
export type Cursor = AlertPlaceInTime & { readonly contract: string }

export type AlertPage = {
  readonly alerts: readonly Alert[]
  /** Where the next page begins; undefined: there is none. */
  readonly next: Cursor | undefined
}

/** Alerts that one question looks through; a filter that finds little gives a short page. */
const SCANNED_MAX = 5_000
/** Alerts asked of one contract at a time. */
const CHUNK_MAX = 100
const CHUNK_MIN = 10

type Found = AlertPlaceInTime & { readonly alert: Alert; readonly contract: string }

export async function readAlertPage(
  stores: { readonly alertPages: AlertPageStore; readonly contracts: ContractStore },
  filter: AlertFilter,
  { after, limit }: { readonly after: Cursor | undefined; readonly limit: number },
): Promise<AlertPage> {
  const known = await stores.contracts.list()
  const wanted = known.filter(
    (contract) => filter.contracts.length === 0 || filter.contracts.includes(contract),
  )
  const chunk = Math.max(CHUNK_MIN, Math.min(CHUNK_MAX, Math.ceil((limit * 2) / wanted.length)))
  const sources = wanted.map((contract) =>
    openSource(stores.alertPages, { contract, filter, after, chunk }),
  )
  const alerts: Alert[] = []
  let last: Cursor | undefined
  for (let scanned = 0; scanned < SCANNED_MAX && alerts.length < limit; scanned += 1) {
    await Promise.all(sources.map((source) => source.fill()))
    const next = takeNewest(sources)
    if (next === undefined) return { alerts, next: undefined }
    last = { last: next.last, place: next.place, contract: next.contract }
    if (passes(next.alert, filter)) alerts.push(next.alert)
  }
  return { alerts, next: last }
}

type Source = {
  readonly contract: string
  /** Asks for more when nothing is at hand. */
  fill(): Promise<void>
  peek(): Found | undefined
  take(): void
}

function openSource(
  store: AlertPageStore,
  options: {
    readonly contract: string
    readonly filter: AlertFilter
    readonly after: Cursor | undefined
    readonly chunk: number
  },
): Source {
  const { contract, filter, chunk } = options
  let after = placeWithin(contract, options.after)
  let found: Found[] = []
  let isDone = false
  return {
    contract,
    async fill() {
      if (found.length > 0 || isDone) return
      const { from, to } = filter
      const page = await store.page(contract, { from, to, after, limit: chunk })
      found = page.map((one) => ({ ...one, contract }))
      after = page.at(-1) ?? after
      isDone = page.length < chunk
    },
    peek: () => found[0],
    take: () => void found.shift(),
  }
}

/** What the page before has shown of this contract. */
function placeWithin(contract: string, after: Cursor | undefined): AlertPlaceInTime | undefined {
  if (after === undefined) return undefined
  const { last, place } = after
  if (contract === after.contract) return { last, place }
  // All of that moment, or none of it: no place is before '' and none is after this.
  return { last, place: contract < after.contract ? '' : '\u{10ffff}' }
}

function takeNewest(sources: readonly Source[]): Found | undefined {
  let newest: Source | undefined
  for (const source of sources) {
    const candidate = source.peek()
    if (candidate === undefined) continue
    const best = newest?.peek()
    if (best === undefined || candidate.last > best.last) newest = source
    else if (candidate.last === best.last && source.contract < (newest as Source).contract)
      newest = source
  }
  const found = newest?.peek()
  newest?.take()
  return found
}

/** Alerts that were united with others are those others. */
export function passes(alert: Alert, filter: AlertFilter): boolean {
  if (alert.resolution === 'merged' || alert.resolution === 'superseded') return false
  if (filter.states.length > 0 && !filter.states.includes(alert.state)) return false
  if (filter.severities.length > 0 && !filter.severities.includes(alert.severity)) return false
  if (filter.rules.length > 0 && !filter.rules.includes(alert.rule.id)) return false
  if (!filter.group.every(({ name }) => hasGroupValue(alert, name, filter.group))) return false
  return filter.text === '' || textOf(alert).includes(filter.text.toLowerCase())
}

function hasGroupValue(alert: Alert, name: string, wanted: readonly GroupValue[]): boolean {
  const values = wanted.filter((one) => one.name === name).map(({ value }) => value)
  return alert.group.some((one) => one.name === name && values.includes(one.value))
}

function textOf(alert: Alert): string {
  const { title, summary = '', rule, contract, group, fields, evidence } = alert
  const shown = [...group, ...fields, ...evidence.flatMap((event) => event.fields)]
  const values = shown.map(({ value }) => value)
  const parts = [alertName(alert), title, summary, rule.id, rule.title, contract, ...values]
  return parts.join('\n').toLowerCase()
}

/** As text for the address of the next page. */
export function formatCursor({ last, contract, place }: Cursor): string {
  return Buffer.from(JSON.stringify([last, contract, place])).toString('base64url')
}

export function parseCursor(text: string): Cursor | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    if (!Array.isArray(value) || value.length !== 3) return undefined
    const [last, contract, place] = value as unknown[]
    const isFit = Number.isFinite(last) && typeof contract === 'string' && typeof place === 'string'
    return isFit ? { last: last as number, contract, place } : undefined
  } catch {
    return undefined
  }
}
