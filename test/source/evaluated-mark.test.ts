// Owns the proof that the evaluated mark passes nothing that was not evaluated, and that nothing
// holds it up for ever: a reader and an evaluator that die at every call they make.
import { describe, expect, it } from 'vitest'
import { SourceError } from '../../src/source/errors.ts'
import {
  type Bench,
  CONTRACT,
  createBench,
  entryAt,
  type Guard,
  guarded,
  HOUR_MS,
  idsOf,
  MINUTE_MS,
  pagesOf,
  START,
} from './reader-harness.ts'
import { record } from '../state/read-store.contract.ts'
import { createVirtualClock } from './virtual-clock.ts'

const STEP_MS = 20_000
const FIRST = START - HOUR_MS - 5 * MINUTE_MS

/** One entry every 20 s from before the first window to long after the crash. */
const ENTRIES = Array.from({ length: 330 }, (_, index) =>
  entryAt(FIRST + index * STEP_MS, `entry-${index}`),
)

const timeOf = (id: string): number => FIRST + Number(id.replace('entry-', '')) * STEP_MS

type Judged = {
  readonly bench: Bench
  /** Ids of entries that were evaluated. */
  readonly evaluated: Set<string>
  /** What the mark passed though it was not evaluated, at whatever moment. */
  readonly passed: string[]
  /** Looks at the mark, wherever the rest of the process stands. */
  check(): Promise<void>
}

type Page = Bench['client']['page']

function createJudged(around: (page: Page) => Page = (page) => page): Judged {
  const clock = createVirtualClock(START)
  const { page } = pagesOf(ENTRIES, () => clock.now())
  const bench = createBench({ page: around(page) }, clock)
  const evaluated = new Set<string>()
  const passed: string[] = []
  let since: number | undefined
  let before = 0
  const check = async (): Promise<void> => {
    const mark = await bench.reads.evaluated(CONTRACT)
    if (mark === undefined) return
    // Before the very first mark nothing was promised.
    since ??= mark
    if (mark < before) passed.push(`moved back from ${before} to ${mark}`)
    before = mark
    for (const id of idsOf(ENTRIES)) {
      const time = timeOf(id)
      if (time < since || time >= mark || evaluated.has(id)) continue
      const gaps = await bench.reads.gaps(CONTRACT, { from: time, to: time + 1 })
      if (gaps.length === 0) passed.push(id)
    }
  }
  return { bench, evaluated, passed, check }
}

type Death = { readonly call: number; readonly when: 'before' | 'after' }

/** Stands before every call of one process: looks at the mark around it, and kills at one. */
function dying(judged: Judged, death: Death, kill: () => void): Guard {
  let calls = 0
  let isDead = false
  return async (_name, work) => {
    await judged.check()
    calls += 1
    if (!isDead && calls === death.call) {
      isDead = true
      if (death.when === 'after') await work()
      kill()
    }
    if (isDead) throw new Error('the process is dead')
    const answer = await work()
    await judged.check()
    return answer
  }
}

const NEVER: Death = { call: 0, when: 'before' }

/** Takes batches off the queue, slowly and the newest first, until the signal aborts. */
async function evaluate(judged: Judged, death: Death, signal: AbortSignal): Promise<void> {
  const { bench, evaluated } = judged
  const dead = new AbortController()
  const guard = dying(judged, death, () => dead.abort())
  const batches = guarded(bench.batches, guard)
  while (!signal.aborted && !dead.signal.aborted) {
    const batch = [...bench.onQueue.values()].at(-1)
    if (batch !== undefined) {
      // What BullMQ does: evaluate, tell, and only then the job is done and gone.
      for (const id of idsOf(batch.entries)) evaluated.add(id)
      try {
        await batches.finish(CONTRACT, batch, 'v1')
        bench.onQueue.delete(batch.id)
      } catch {}
    }
    await bench.clock.sleep(7_000, signal)
  }
}

/** One life of a reader and of an evaluator. */
async function live(
  judged: Judged,
  deaths: { readonly reader?: Death; readonly evaluator?: Death },
  untilMs: number,
): Promise<void> {
  const { bench } = judged
  const reading = new AbortController()
  const ended = new AbortController()
  const guard = dying(judged, deaths.reader ?? NEVER, () => reading.abort(new Error('crashed')))
  const { reads, queue, batches } = bench
  const reader = bench.reader({
    reads: guarded(reads, guard),
    seen: guarded(bench.seen, guard),
    queue: guarded(queue, guard),
    batches: guarded(batches, guard),
  })
  const watch = async (): Promise<void> => {
    while (bench.clock.now() < untilMs) await bench.clock.sleep(1_000)
    reading.abort(new Error('enough'))
    ended.abort()
  }
  const evaluator = evaluate(judged, deaths.evaluator ?? NEVER, ended.signal)
  await Promise.all([reader.run(reading.signal), watch(), evaluator])
}

async function expectComplete(judged: Judged): Promise<void> {
  const { bench, passed } = judged
  await live(judged, {}, bench.clock.now() + 5 * MINUTE_MS)
  expect(passed).toEqual([])
  const [read, evaluated] = [
    await bench.reads.mark(CONTRACT),
    await bench.reads.evaluated(CONTRACT),
  ]
  expect(bench.clock.now() - (read ?? 0)).toBeLessThan(MINUTE_MS)
  expect((read ?? 0) - (evaluated ?? 0)).toBeLessThan(MINUTE_MS)
}

describe('the evaluated mark', () => {
  const READER_CALLS = 24
  const EVALUATOR_CALLS = 8

  it.each(['before', 'after'] as const)(
    'when the reader dies %s a call took effect passes nothing, and goes on',
    async (when) => {
      for (let call = 1; call <= READER_CALLS; call += 1) {
        const judged = createJudged()
        await live(judged, { reader: { call, when } }, START + 3 * MINUTE_MS)
        await expectComplete(judged)
      }
    },
    60_000,
  )

  it.each(['before', 'after'] as const)(
    'when the evaluator dies %s a call took effect waits for another one',
    async (when) => {
      for (let call = 1; call <= EVALUATOR_CALLS; call += 1) {
        const judged = createJudged()
        await live(judged, { evaluator: { call, when } }, START + 3 * MINUTE_MS)
        await expectComplete(judged)
      }
    },
  )

  it('is not held up by a batch that was announced by a reader that died then', async () => {
    const judged = createJudged()
    await judged.bench.reads.finishWindow(CONTRACT, record({ from: START, to: START }), 0)
    await judged.bench.batches.announce(CONTRACT, { id: 'b-lost', time: START - MINUTE_MS }, 0)
    await live(judged, {}, START + 2 * MINUTE_MS)
    expect(await judged.bench.reads.evaluated(CONTRACT)).toBeGreaterThan(START + MINUTE_MS)
  })

  it('is not held up by a second that can not be read, which is a gap', async () => {
    const bad = START - 10 * MINUTE_MS
    const judged = createJudged((page) => async (contract, at, signal) => {
      const isBad = at.fromMs <= bad && at.toMs > bad
      if (isBad) throw new SourceError('read a second', { reason: 'refused-window' })
      return await page(contract, at, signal)
    })
    await live(judged, {}, START + 5 * MINUTE_MS)
    const mark = await judged.bench.reads.evaluated(CONTRACT)
    expect(mark).toBeGreaterThan(START + 4 * MINUTE_MS)
    const span = { from: START - HOUR_MS, to: START + HOUR_MS }
    expect(await judged.bench.reads.gaps(CONTRACT, span)).toMatchObject([
      { from: bad, to: bad + 1_000, reason: 'unproven' },
    ])
    expect(judged.passed).toEqual([])
  })
})
