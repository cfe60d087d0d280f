// Owns what can go wrong on demand: its names, sizes, and how a command line writes them. Who suffers it: store.ts, api.ts.
import { parseDuration } from '../core/duration.ts'
import { describeFound, suggestName } from '../core/suggest.ts'

/** A fault of time: how likely, and how long. */
export type Delay = { readonly probability: number; readonly ms: number }

/** Probabilities are 0 to 1; an absent fault never happens. */
export type Faults = {
  /** Entries that become visible up to `ms` after their time. */
  readonly late?: Delay
  /** Entries that a window holds twice; `total` counts both. */
  readonly duplicates?: number
  /** Hits beside the real ones that are no entries: no `_source`, null, a text, or no time. */
  readonly damaged?: number
  /**
   * Another order of hits for every request: of those on a page; or of the whole window, so that
   * pages overlap and miss rows, which only a window of one page survives.
   */
  readonly shuffle?: 'page' | 'window' | undefined
  /** Answers whose `total` is off by one, or that lack an entry which the next answer has. */
  readonly movingTotal?: number
  /** Refusals and failures by HTTP status; 429 says to come back after `ms`. */
  readonly statuses?: Readonly<Record<number, Delay>>
  /** Answers that begin `ms` late. */
  readonly slow?: Delay
  /** Answers that end in the middle of their body. */
  readonly cut?: number
  /** Connections reset without an answer. */
  readonly reset?: number
  /** Offsets beyond `rows` are refused with `status`, as Elasticsearch does. */
  readonly ceiling?: { readonly rows: number; readonly status: number }
}

/** Each fault of an answer by one name, for scripts of tests and for counters. */
export type AnswerFault = 'slow' | 'cut' | 'reset' | 'moving-total' | `${number}`

export type ParsedFaults =
  | { readonly faults: Faults; readonly problems: readonly [] }
  | { readonly faults?: undefined; readonly problems: readonly string[] }

/** Later than this a reader that overlaps its windows by two minutes would need its sweep. */
const LATE_MS_DEFAULT = 60_000
const RETRY_AFTER_MS_DEFAULT = 2000
const SLOW_MS_DEFAULT = 3000
const CEILING_ROWS = 10_000

/** Every fault, seldom enough that a reader gets on. */
export const ALL_FAULTS: Faults = {
  late: { probability: 0.1, ms: LATE_MS_DEFAULT },
  duplicates: 0.05,
  damaged: 0.001,
  shuffle: 'page',
  movingTotal: 0.05,
  statuses: {
    401: { probability: 0.01, ms: 0 },
    403: { probability: 0.01, ms: 0 },
    429: { probability: 0.03, ms: RETRY_AFTER_MS_DEFAULT },
    500: { probability: 0.03, ms: 0 },
    502: { probability: 0.02, ms: 0 },
  },
  slow: { probability: 0.05, ms: SLOW_MS_DEFAULT },
  cut: 0.03,
  reset: 0.02,
  ceiling: { rows: CEILING_ROWS, status: 400 },
}

/** One part of the list: what stands before `=`, its share, and what stands after `:`. */
type Part = { readonly share: number; readonly size: string | undefined }
type Reader = (part: Part, before: Faults) => Faults | string

const timed =
  (key: 'late' | 'slow', defaultMs: number): Reader =>
  (part) => {
    const ms = part.size === undefined ? defaultMs : parseDuration(part.size)
    if (ms === undefined) return `${describeFound(part.size)} is no span, expected e.g. 30s`
    return { [key]: { probability: part.share, ms } }
  }

const plain =
  (key: 'duplicates' | 'damaged' | 'movingTotal' | 'cut' | 'reset'): Reader =>
  (part) =>
    part.size === undefined ? { [key]: part.share } : 'it takes a share only, e.g. 0.05'

const READERS: Readonly<Record<string, Reader>> = {
  late: timed('late', LATE_MS_DEFAULT),
  slow: timed('slow', SLOW_MS_DEFAULT),
  duplicates: plain('duplicates'),
  damaged: plain('damaged'),
  'moving-total': plain('movingTotal'),
  cut: plain('cut'),
  reset: plain('reset'),
  shuffle: ({ size = 'page' }) =>
    size === 'page' || size === 'window'
      ? { shuffle: size }
      : 'it is shuffle:page or shuffle:window',
  limit10000: (part) => {
    const status = part.size === undefined ? 400 : Number(part.size)
    if (status !== 400 && status !== 500) return 'its answer is limit10000:400 or limit10000:500'
    return { ceiling: { rows: CEILING_ROWS, status } }
  },
  all: () => ALL_FAULTS,
}

/** Shares when the list names a fault without one. */
const SHARES: ReadonlyMap<string, number> = new Map([
  ['late', 0.1],
  ['duplicates', 0.05],
  ['damaged', 0.01],
  ['moving-total', 0.1],
  ['cut', 0.05],
  ['reset', 0.05],
  ['slow', 0.05],
])
const STATUS_SHARE = 0.05

export const FAULT_NAMES: readonly string[] = Object.keys(READERS).concat([
  '401',
  '403',
  '429',
  '500',
  '502',
  '503',
  '504',
])

/**
 * Reads `late=0.1:60s,duplicates=0.05,shuffle,429=0.05:2s,limit10000`: names with a share and a
 * size, both optional. `all` is every fault; what comes after it changes single ones.
 */
export function parseFaults(text: string): ParsedFaults {
  const problems: string[] = []
  let faults: Faults = {}
  for (const written of text.split(',').map((part) => part.trim())) {
    if (written === '') continue
    const read = readPart(written, faults)
    if (typeof read === 'string') problems.push(`${describeFound(written)}: ${read}`)
    else faults = { ...faults, ...read }
  }
  return problems.length > 0 ? { problems } : { faults, problems: [] }
}

function readPart(written: string, before: Faults): Faults | string {
  const found = /^([^=:]+)(?:=([^:]*))?(?::(.*))?$/.exec(written)
  if (found === null) return 'not readable, expected name=share:size'
  const [, name = '', share, size] = found
  const status = /^[45]\d\d$/.test(name) ? Number(name) : undefined
  const probability = share === undefined ? (SHARES.get(name) ?? STATUS_SHARE) : Number(share)
  if (share === '' || !(probability >= 0 && probability <= 1)) {
    return `${describeFound(share)} is no share, expected a number from 0 to 1`
  }
  const part: Part = { share: probability, size }
  if (status !== undefined) return readStatus(status, part, before)
  const reader = Object.hasOwn(READERS, name) ? READERS[name] : undefined
  return reader?.(part, before) ?? `unknown fault${suggestName(name, FAULT_NAMES)}`
}

function readStatus(status: number, part: Part, before: Faults): Faults | string {
  const ms = part.size === undefined ? RETRY_AFTER_MS_DEFAULT : parseDuration(part.size)
  if (ms === undefined) return `${describeFound(part.size)} is no span, expected e.g. 2s`
  if (part.size !== undefined && status !== 429) return 'only 429 takes a span (its Retry-After)'
  const delay = { probability: part.share, ms: status === 429 ? ms : 0 }
  return { statuses: { ...before.statuses, [status]: delay } }
}
