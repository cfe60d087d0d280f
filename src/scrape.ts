// Owns what is measured only when somebody asks: how old marks are and what waits in the queues. An
// age that was written down when something happened would stand still just when nothing happens.
import type { Clock } from './core/clock.ts'
import type { Log } from './observe/log.ts'
import type { Metrics } from './observe/metrics.ts'
import type { ContractStatus } from './source/contract-reader.ts'
import type { MarkStore } from './state/stores.ts'

/** How many jobs a queue has, by state. */
export type QueueCounts = {
  readonly queue: string
  readonly counts: () => Promise<Readonly<Record<string, number>>>
}

export type ScrapeParts = {
  readonly metrics: Metrics
  readonly marks: MarkStore
  /** The contracts that this process reads, or stands by for. */
  readonly readers: () => Readonly<Record<string, ContractStatus>>
  readonly queues: readonly QueueCounts[]
  readonly clock: Clock
  readonly log: Log
}

/** Whoever scrapes gives up after ten seconds; without Redis the rest is still worth having. */
const SCRAPE_MS_MAX = 3_000

/** Has the metrics ask for all of it at each scrape. */
export function measureWhenScraped(parts: ScrapeParts): void {
  const { metrics, clock, log } = parts
  metrics.onScrape(async () => {
    const done = new AbortController()
    const late = clock.sleep(SCRAPE_MS_MAX, done.signal)
    const measured = Promise.all([measureMarks(parts), measureQueues(parts)])
    try {
      await Promise.race([measured, late])
    } catch (error) {
      log.debug({ error }, 'not everything could be measured')
    } finally {
      done.abort()
      measured.catch(() => {})
    }
  })
}

async function measureMarks({ metrics, marks, readers, clock }: ScrapeParts): Promise<void> {
  const { readMarkAge, evaluatedMarkAge } = metrics
  const now = clock.now()
  const age = (mark: number): number => Math.max(0, now - mark) / 1_000
  const all = Object.entries(readers())
  for (const [contract, { mark, state }] of all) {
    if (state !== 'standby' && mark !== undefined) readMarkAge.set({ contract }, age(mark))
    else {
      // Another process reads it now, and says how far it is.
      readMarkAge.remove({ contract })
      evaluatedMarkAge.remove({ contract })
    }
  }
  const held = all.filter(([, { state }]) => state !== 'standby')
  await Promise.all(
    held.map(async ([contract]) => {
      const mark = await marks.evaluated(contract)
      if (mark !== undefined) evaluatedMarkAge.set({ contract }, age(mark))
    }),
  )
}

async function measureQueues({ metrics, queues }: ScrapeParts): Promise<void> {
  for (const { queue, counts } of queues) {
    for (const [state, count] of Object.entries(await counts())) {
      metrics.queueJobs.set({ queue, state }, count)
    }
  }
}
