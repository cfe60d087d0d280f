import { describe, expect, it } from 'vitest'
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
import { createVirtualClock } from './virtual-clock.ts'

/** One entry every 20 s from before the first window to long after the crash. */
const ENTRIES = Array.from({ length: 300 }, (_, index) => {
  const time = START - HOUR_MS - 5 * MINUTE_MS + index * 20_000
  return entryAt(time, `entry-${index}`)
})

function createLog(): Bench {
  const clock = createVirtualClock(START)
  return createBench(
    pagesOf(ENTRIES, () => clock.now()),
    clock,
  )
}

type Crash = {
  readonly call: number
  /** Before the call took effect, or right after: its caller never learns. */
  readonly when: 'before' | 'after'
}

/** Runs a reader that dies at one call of a store or the queue; gives that call's name. */
async function runInto(bench: Bench, { call, when }: Crash): Promise<string | undefined> {
  const stop = new AbortController()
  let calls = 0
  let died: string | undefined
  const dying: Guard = async (name, work) => {
    calls += 1
    if (died === undefined && calls === call) {
      died = name
      if (when === 'after') await work()
      stop.abort(new Error('crashed'))
    }
    if (died !== undefined) throw new Error('the process is dead')
    return await work()
  }
  const { reads, batches, seen, queue } = bench
  const reader = bench.reader({
    batches: guarded(batches, dying),
    reads: guarded(reads, dying),
    seen: guarded(seen, dying),
    queue: guarded(queue, dying),
  })
  const watch = async (): Promise<void> => {
    while (!stop.signal.aborted && bench.clock.now() < START + 10 * MINUTE_MS) {
      await bench.clock.sleep(1_000)
    }
    stop.abort(new Error('enough'))
  }
  await Promise.all([reader.run(stop.signal), watch()])
  return died
}

describe('a reader that dies at a call of a store or the queue', () => {
  const CALLS = 60

  it.each(['before', 'after'] as const)('%s it took effect skips nothing', async (when) => {
    const died = new Set<string | undefined>()
    for (let call = 1; call <= CALLS; call += 1) {
      const bench = createLog()
      died.add(await runInto(bench, { call, when }))
      const markAtDeath = (await bench.reads.mark(CONTRACT)) ?? START - HOUR_MS
      const reader = await bench.runUntil(() => bench.clock.now() > START + 15 * MINUTE_MS)
      const mark = reader.status()[CONTRACT]?.mark ?? 0
      expect(mark).toBeGreaterThan(markAtDeath)
      const queued = idsOf(bench.queued)
      const expected = ENTRIES.filter((entry) => {
        const { time } = timeOf(entry)
        return time >= START - HOUR_MS && time < mark
      })
      expect(idsOf(expected).filter((id) => !queued.includes(id))).toEqual([])
      expect(queued.length - new Set(queued).size).toBeLessThanOrEqual(100)
    }
    expect(died).toEqual(
      new Set([
        ...['mark', 'begin', 'finishWindow', 'unproven', 'seen', 'remember'],
        ...['announce', 'enqueue', 'waiting', 'missing', 'forget'],
      ]),
    )
  })

  it('keeps the begin of its first window, however often it dies in it', async () => {
    const bench = createLog()
    for (let life = 0; life < 5; life += 1) {
      // The third call is the first one that reads: each life dies there, 10 minutes apart.
      await runInto(bench, { call: 3, when: 'before' })
      bench.clock.set(bench.clock.now() + 10 * MINUTE_MS)
    }
    // One life only: another one would sweep the last 24 hours at its start, and hide a gap.
    await bench.runUntil(() => bench.clock.now() > START + 70 * MINUTE_MS)
    const wanted = ENTRIES.filter((entry) => timeOf(entry).time >= START - HOUR_MS)
    expect(idsOf(wanted).filter((id) => !idsOf(bench.queued).includes(id))).toEqual([])
  })
})

function timeOf(entry: unknown): { readonly time: number } {
  const index = Number(idsOf([entry])[0]?.replace('entry-', ''))
  return { time: START - HOUR_MS - 5 * MINUTE_MS + index * 20_000 }
}
