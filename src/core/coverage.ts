// Owns the sums of the ledger: what one hour holds, and what a span of hours says in answer to "was
// everything evaluated, by which rules, and how late". Pure; where it is kept: state/.

/** A span of event time, `[from, to)`, in ms. */
export type Span = { readonly from: number; readonly to: number }

export const HOUR_MS = 3_600_000

/** What the ledger knows of one hour of event time of one contract. */
export type HourRecord = {
  /** Its first ms. */
  readonly hour: number
  /** Different entries that went to the evaluators, without those that are poisoned now. */
  readonly entries: number
  /** Of these, how many each version of the rules evaluated. */
  readonly evaluated: Readonly<Record<string, number>>
  /** What was read and is no entry: it is in the dead letters. */
  readonly unusable: number
  /** Entries by how late they were read, in the buckets of DELAY_SECONDS. */
  readonly delays: Readonly<Record<number, number>>
  readonly delayMaxSeconds: number
  /** Rows that the API said the whole hour has, when a sweep last proved it. */
  readonly confirmed?: { readonly rows: number; readonly at: number } | undefined
}

/**
 * `unproven`: could not be read completely so far. `given-up`: not in a day. `poisoned`: no attempt
 * could evaluate what was read. `lost`: it was read, and the queue lost it.
 */
export type GapReason = 'unproven' | 'given-up' | 'poisoned' | 'lost'

export type Gap = Span & {
  readonly reason: GapReason
  /** When it was found (ms); 0 when that is not known any more. */
  readonly foundAt: number
}

export type ClosedGap = Gap & { readonly closedAt: number }

/** All that the ledger has about a span. */
export type LedgerExtract = {
  readonly contract: string
  /** Whole hours. */
  readonly span: Span
  /** Before it nothing was promised; undefined when nothing was ever read. */
  readonly since: number | undefined
  readonly readMark: number | undefined
  readonly evaluatedMark: number | undefined
  readonly hours: readonly HourRecord[]
  /** Entries in the dead letters because no attempt could evaluate them. */
  readonly poisoned: number
  readonly gaps: readonly Gap[]
  readonly closedGaps: readonly ClosedGap[]
}

export type Coverage = {
  readonly contract: string
  readonly from: number
  readonly to: number
  readonly since: number | undefined
  readonly readMark: number | undefined
  readonly evaluatedMark: number | undefined
  /** Different entries read that are entries. */
  readonly entries: number
  readonly evaluated: number
  /** Read, and not evaluated so far. */
  readonly waiting: number
  readonly poisoned: number
  readonly unusable: number
  /** The most used first. */
  readonly ruleSets: readonly { readonly version: string; readonly entries: number }[]
  readonly gaps: readonly Gap[]
  readonly closedGaps: readonly ClosedGap[]
  /** Whole hours that a later sweep found as the ledger has them, of those before the read mark. */
  readonly hours: { readonly read: number; readonly confirmed: number }
  /** How long after they happened entries were read, seconds; undefined when none were. */
  readonly delay: Delay | undefined
  /** Whether every entry of the span was evaluated, and nothing of it may be missing. */
  readonly complete: boolean
}

/** Upper bounds in seconds, except the highest, which is exact. */
export type Delay = {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

/** Upper bounds of the buckets of delays; what is later is in one more. */
export const DELAY_SECONDS = [5, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400, 86_400] as const

export function delayBucket(seconds: number): number {
  const found = DELAY_SECONDS.findIndex((bound) => seconds <= bound)
  return found === -1 ? DELAY_SECONDS.length : found
}

export function hourOf(time: number): number {
  return Math.floor(time / HOUR_MS) * HOUR_MS
}

/** The whole hours that a span touches. */
export function wholeHours(span: Span): Span {
  return { from: hourOf(span.from), to: hourOf(span.to - 1) + HOUR_MS }
}

export function sumCoverage(extract: LedgerExtract): Coverage {
  const { span, hours, gaps, poisoned, readMark, evaluatedMark, since } = extract
  const sum = (of: (hour: HourRecord) => number): number =>
    hours.reduce((total, hour) => total + of(hour), 0)
  const versions = sumVersions(hours)
  const evaluated = versions.reduce((total, { entries }) => total + entries, 0)
  const waiting = Math.max(0, sum((hour) => hour.entries) - evaluated)
  const isAllThere = since !== undefined && since <= span.from && (evaluatedMark ?? 0) >= span.to
  return {
    contract: extract.contract,
    from: span.from,
    to: span.to,
    since,
    readMark,
    evaluatedMark,
    entries: evaluated + waiting + poisoned,
    evaluated,
    waiting,
    poisoned,
    unusable: sum((hour) => hour.unusable),
    ruleSets: versions,
    gaps,
    closedGaps: extract.closedGaps,
    hours: countHours(extract),
    delay: sumDelays(hours),
    complete: isAllThere && gaps.length === 0 && waiting === 0 && poisoned === 0,
  }
}

function sumVersions(hours: readonly HourRecord[]): Coverage['ruleSets'] {
  const sums = new Map<string, number>()
  for (const { evaluated } of hours) {
    for (const [version, count] of Object.entries(evaluated)) {
      sums.set(version, (sums.get(version) ?? 0) + count)
    }
  }
  return [...sums]
    .map(([version, entries]) => ({ version, entries }))
    .sort((left, right) => right.entries - left.entries || (left.version < right.version ? -1 : 1))
}

function countHours({ span, since, readMark, hours }: LedgerExtract): Coverage['hours'] {
  const from = Math.max(span.from, since === undefined ? span.to : hourOf(since))
  const to = Math.min(span.to, hourOf(readMark ?? 0))
  const read = Math.max(0, (to - from) / HOUR_MS)
  const confirmed = hours.filter(({ hour, confirmed }) => confirmed !== undefined && hour < to)
  return { read, confirmed: Math.min(read, confirmed.length) }
}

function sumDelays(hours: readonly HourRecord[]): Delay | undefined {
  const counts = Array.from({ length: DELAY_SECONDS.length + 1 }, () => 0)
  for (const { delays } of hours) {
    for (const [bucket, count] of Object.entries(delays)) {
      counts[Number(bucket)] = (counts[Number(bucket)] ?? 0) + count
    }
  }
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return undefined
  const max = Math.max(...hours.map((hour) => hour.delayMaxSeconds))
  const quantile = (share: number): number => {
    let below = 0
    const bucket = counts.findIndex((count) => (below += count) >= share * total)
    return Math.min(DELAY_SECONDS[bucket] ?? max, max)
  }
  return { p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99), max }
}
