// Owns turning a scenario into entries: any span of time, the same entries each time it is asked.
import { planStories, tellStories } from './attacks.ts'
import { workOrdinaryDay } from './company.ts'
import type { Span, Volume, World } from './company.ts'
import { createCompanyTime } from './company-time.ts'
import { ECHO_MS_MAX } from './echoes.ts'
import { describeOperation } from './entries.ts'
import type { Entry } from './entries.ts'
import { createInventory } from './inventory.ts'
import type { Contract, Scenario } from './scenario.ts'

export type GeneratorOptions = {
  readonly scenario: Scenario
  readonly seed: number | string
  readonly startTimeMs: number
  readonly speed: number
  /** Ordinary entries per minute of wall time, day and night; undefined: by everybody's habits. */
  readonly entriesPerMinute?: number | undefined
}

export type Generator = {
  /** Entries whose time lies in the bucket, oldest first. */
  entriesOf(contract: Contract, bucket: number): readonly Entry[]
}

/** Time is cut into these, whole seconds, aligned to the epoch: each is made as a whole. */
export const BUCKET_MS = 10_000

/** An operation that began this many buckets ago may still echo. */
const ECHO_BUCKETS = Math.ceil(ECHO_MS_MAX / BUCKET_MS)
/** Buckets of operations kept, for the buckets of entries that follow: a few minutes of reading. */
const BUCKETS_KEPT = 64
/** Buckets tried to learn how many entries an operation makes. */
const SAMPLE_BUCKETS = 50
const SAMPLE_PER_MINUTE = 240

/** What began in a bucket, kept at the place `bucket % BUCKETS_KEPT`. */
type Kept = { readonly bucket: number; readonly entries: readonly Entry[] }

export function createGenerator(options: GeneratorOptions): Generator {
  const { scenario, startTimeMs, speed, entriesPerMinute } = options
  const world: World = {
    seed: String(options.seed),
    time: createCompanyTime(startTimeMs, speed),
    calendar: scenario.calendar,
    mess: scenario.mess,
    inventory: createInventory(String(options.seed)),
  }
  const plans = new Map(
    scenario.contracts.map((contract) => [
      contract.number,
      {
        volume: planVolume(world, contract, share(scenario, entriesPerMinute)),
        stories: planStories(world, contract),
        kept: [] as Kept[],
      },
    ]),
  )

  /** All entries of operations that begin in the bucket, however late they echo. */
  function begunIn(contract: Contract, bucket: number): readonly Entry[] {
    const plan = plans.get(contract.number)
    if (plan === undefined) return []
    const { volume, stories, kept } = plan
    const place = bucket % BUCKETS_KEPT
    const known = kept[place]
    if (known?.bucket === bucket) return known.entries
    const span = spanOf(bucket)
    const operations = [
      ...workOrdinaryDay(world, contract, { bucket, span, volume }),
      ...tellStories(world, contract, { stories, span }),
    ]
    const entries = operations.flatMap(describeOperation)
    kept[place] = { bucket, entries }
    return entries
  }

  return {
    entriesOf: (contract, bucket) => {
      const { fromMs, toMs } = spanOf(bucket)
      const entries: Entry[] = []
      for (let begun = bucket - ECHO_BUCKETS; begun <= bucket; begun += 1) {
        for (const entry of begunIn(contract, begun)) {
          if (entry.timeMs >= fromMs && entry.timeMs < toMs) entries.push(entry)
        }
      }
      return entries.sort((a, b) => a.timeMs - b.timeMs || (a.key < b.key ? -1 : 1))
    },
  }
}

export function spanOf(bucket: number): Span {
  return { fromMs: bucket * BUCKET_MS, toMs: (bucket + 1) * BUCKET_MS }
}

/** A contract's part of the rate: all have the same. */
function share(scenario: Scenario, entriesPerMinute: number | undefined): number | undefined {
  return entriesPerMinute === undefined ? undefined : entriesPerMinute / scenario.contracts.length
}

/** Operations for a wanted number of entries, by counting what a sample of them makes. */
function planVolume(world: World, contract: Contract, perMinute: number | undefined): Volume {
  if (perMinute === undefined) return { operationsPerMinute: undefined }
  const volume = { operationsPerMinute: SAMPLE_PER_MINUTE }
  const buckets = Array.from({ length: SAMPLE_BUCKETS }, (_, index) => index * 1000)
  const sample = buckets.flatMap((bucket) =>
    workOrdinaryDay(world, contract, { bucket, span: spanOf(bucket), volume }),
  )
  const entries = sample.flatMap(describeOperation).length
  if (entries === 0) return { operationsPerMinute: 0 }
  return { operationsPerMinute: (perMinute * sample.length) / entries }
}
