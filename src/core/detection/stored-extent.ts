// Owns detections as stores keep them: a span, how much evidence it has, and whose it is, as one line
// of text. Which there are: rederive.ts; how they become alerts: alert-pieces.ts.

/** A detection, or what a cut left of it; its evidence is counted, not listed. */
export type StoredExtent = {
  /** Key of the window it was derived from; `sealed` ones are derived from nothing any more. */
  readonly window: string
  /** Event times, ms. */
  readonly first: number
  readonly last: number
  /** Evidence events that have no name below. */
  readonly count: number
  /** Where its alert begins when not at `first`: a cut clipped it. */
  readonly begins?: number
  /** `firstSeen`: the value that was new. */
  readonly value?: string
  /** What is counted once per alert: values of `distinct`, ids of `travel`; sorted. */
  readonly names?: readonly string[]
}

/** Behind the window's key: nothing replaces such an extent. */
const SEALED = '~'

export function sealedWindow(window: string): string {
  return window + SEALED
}

/** The key, first and last come first, one word each: scripts read them. The same gives the same. */
export function writeExtent(extent: StoredExtent): string {
  const { window, first, last, ...rest } = extent
  const { count, begins, value, names } = rest
  return `${window} ${first} ${last} ${JSON.stringify({ count, begins, value, names })}`
}

const LINE = /^(\S+) (-?\d+) (-?\d+) (.*)$/s

/** What `writeExtent` wrote; throws for a text that it did not. */
export function readExtent(text: string): StoredExtent {
  const words = LINE.exec(text)
  if (words === null) throw new Error('a stored detection is damaged')
  const [, window = '', first, last, rest = ''] = words
  return { window, first: Number(first), last: Number(last), ...(JSON.parse(rest) as Rest) }
}

type Rest = Omit<StoredExtent, 'window' | 'first' | 'last'>
