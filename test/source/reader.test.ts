import { afterEach, describe, expect, it } from 'vitest'
import { type Fields, fieldsOf } from '../../src/core/fields.ts'
import { createLog } from '../../src/observe/log.ts'
import type { Log } from '../../src/observe/log.ts'
import type { ActivityLogClient } from '../../src/source/client.ts'
import { SourceError, type SourceErrorOptions } from '../../src/source/errors.ts'
import type { PartRead } from '../../src/source/reader-config.ts'
import type { Span } from '../../src/state/stores.ts'
import {
  type Bench,
  CONFIG,
  CONTRACT,
  createBench,
  createHarness,
  entryAt,
  fixedContracts,
  type Guard,
  guarded,
  type Harness,
  HOUR_MS,
  idsOf,
  MINUTE_MS,
  pagesOf,
  START,
} from './reader-harness.ts'
import { record } from '../state/read-store.contract.ts'
import { createVirtualClock } from './virtual-clock.ts'

type Line = { readonly level: string; readonly msg: string; readonly fields: Fields }

function toLine(value: unknown): Line {
  const fields = fieldsOf(value)
  return { level: String(fields['level']), msg: String(fields['msg']), fields }
}

const WARN = 'warn'
const INFO = 'info'

/** A logger whose lines are kept. */
function createRecorder(): { readonly log: Log; readonly lines: Line[] } {
  const lines: Line[] = []
  const write = (text: string): void => {
    for (const line of text.trim().split('\n')) lines.push(toLine(JSON.parse(line)))
  }
  return { log: createLog({ level: 'info', output: { write } }), lines }
}

type Page = ActivityLogClient['page']

/** A reader on entries in memory; `around` may stand between the two. */
function createMemoryLog(
  entries: readonly unknown[],
  around: (page: Page, now: () => number) => Page = (page) => page,
): Bench & { readonly asked: readonly Asked[] } {
  const clock = createVirtualClock(START)
  const asked: Asked[] = []
  const now = (): number => clock.now()
  const plain = pagesOf(entries, now)
  const inner = around(async (...args) => await plain.page(...args), now)
  const page: Page = async (contract, at, signal) => {
    asked.push({ at: clock.now(), from: at.fromMs, to: at.toMs, limit: at.limit })
    return await inner(contract, at, signal)
  }
  return Object.assign(createBench({ page }, clock), { asked })
}

type Asked = Span & { readonly at: number; readonly limit: number }

const every = (stepMs: number, from: number, to: number): readonly unknown[] =>
  Array.from({ length: Math.floor((to - from) / stepMs) }, (_, index) =>
    entryAt(from + index * stepMs, `entry-${index}`),
  )

const fail = (options: SourceErrorOptions): never => {
  throw new SourceError(`read contract ${CONTRACT}: ${options.status}`, options)
}

let stop: (() => Promise<void>) | undefined
afterEach(async () => {
  await stop?.()
  stop = undefined
})

describe('hot reads', () => {
  it('begin at once, the horizon back, and then come every interval', async () => {
    const bench = createMemoryLog(every(10_000, START - 2 * HOUR_MS, START + HOUR_MS))
    await bench.runUntil(() => bench.clock.now() > START + 95_000)
    const hot = bench.asked.filter(({ limit, to }) => limit === 100 && to > START - MINUTE_MS)
    const reads = new Map(hot.map(({ at, from, to }) => [at, { from, to }]))
    expect([...reads.keys()].map((at) => at - START)).toEqual([0, 30_000, 60_000, 90_000])
    const second = reads.get(START + 30_000)
    expect(second).toEqual({ from: START - 2 * MINUTE_MS, to: START + 30_000 })
    expect(Math.min(...bench.asked.map(({ from }) => from))).toBe(START - HOUR_MS - 2 * MINUTE_MS)
  })

  it('queue each entry once, oldest first, at most 100 a job', async () => {
    const bench = createMemoryLog(every(5_000, START - HOUR_MS, START + HOUR_MS))
    await bench.runUntil(() => bench.clock.now() > START + 10 * MINUTE_MS)
    const ids = idsOf(bench.queued)
    expect(ids).toHaveLength(new Set(ids).size)
    expect(ids.slice(0, 3)).toEqual(['entry-0', 'entry-1', 'entry-2'])
    expect(Math.max(...bench.jobs)).toBe(100)
  })

  it('read what was missed in an outage of ours oldest first, an hour at a time', async () => {
    const bench = createMemoryLog(every(MINUTE_MS, START - 6 * HOUR_MS, START))
    const mark = START - 5 * HOUR_MS
    await bench.reads.finishWindow(CONTRACT, record({ from: mark, to: mark }), 0)
    const parts: PartRead[] = []
    await bench.runUntil(() => parts.filter(({ kind }) => kind === 'hot').length >= 6, {
      hooks: { partRead: (part) => void parts.push(part) },
    })
    const windows = parts.map(({ window }) => window).slice(0, 6)
    expect(windows[0]?.from).toBe(mark - 2 * MINUTE_MS)
    expect(windows.every(({ from, to }) => to - from <= HOUR_MS)).toBe(true)
    for (const [index, { from }] of windows.slice(1).entries()) {
      expect(from).toBe(windows[index]?.to)
    }
    expect(windows.at(-1)?.to).toBe(START)
  })

  it('go on when the clock is set back behind the mark', async () => {
    const bench = createMemoryLog(every(10_000, START - 3 * HOUR_MS, START + HOUR_MS))
    const ahead = START + 2 * HOUR_MS
    await bench.reads.finishWindow(CONTRACT, record({ from: ahead, to: ahead }), 0)
    const windows: Span[] = []
    await bench.runUntil(() => bench.clock.now() > START + MINUTE_MS, {
      hooks: { partRead: ({ kind, window }) => kind === 'hot' && windows.push(window) },
    })
    expect(windows.map(({ to }) => to - START)).toEqual([0, 30_000, 60_000])
    expect(await bench.reads.mark(CONTRACT)).toBe(ahead)
  })

  it('move the mark after the queue has the entries, never before', async () => {
    const bench = createMemoryLog(every(10_000, START - HOUR_MS, START))
    const order: string[] = []
    await bench.runUntil(() => order.includes('mark'), {
      queue: {
        enqueue: async () => void order.push('queue'),
        missing: async () => [],
        waiting: async () => 0,
      },
      batches: {
        ...bench.batches,
        remember: async () => {
          order.push('seen')
          return 'written'
        },
      },
      reads: {
        ...bench.reads,
        finishWindow: async () => {
          order.push('mark')
          return 'written'
        },
      },
    })
    // 350 entries in the first hour, and what the overlap adds is a window of its own.
    const jobs = ['queue', 'seen', 'queue', 'seen', 'queue', 'seen', 'queue', 'seen']
    expect(order.slice(0, 9)).toEqual([...jobs, 'mark'])
  })
})

describe('sweeps', () => {
  it('find entries that became visible after their window was read, and how late', async () => {
    const harness: Harness = await createHarness()
    stop = async () => await harness.stop()
    const late = START + MINUTE_MS
    harness.simulator.addEntries(CONTRACT, [entryAt(late, 'late')], {
      visibleAtMs: late + 7 * MINUTE_MS,
    })
    const delays: number[] = []
    await harness.runUntil(() => delays.length > 0, {
      hooks: { straggler: (_contract, delayMs) => void delays.push(delayMs) },
    })
    expect(idsOf(harness.queued)).toEqual(['late'])
    expect(delays[0]).toBeGreaterThanOrEqual(7 * MINUTE_MS)
    expect(delays[0]).toBeLessThan(13 * MINUTE_MS)
  })

  it('find what is a day late', async () => {
    const visibleAt = START + 20 * HOUR_MS
    const entry = entryAt(START + MINUTE_MS, 'very-late')
    const bench = createMemoryLog([], (page, now) => async (contract, at, signal) => {
      const shown = now() >= visibleAt ? pagesOf([entry], now).page : page
      return await shown(contract, at, signal)
    })
    await bench.runUntil(() => bench.queued.length > 0, {
      forMs: 22 * HOUR_MS,
      config: { ...CONFIG, intervalMs: 5 * MINUTE_MS },
    })
    expect(idsOf(bench.queued)).toEqual(['very-late'])
  })

  it('do not hold up hot reads when they fail', async () => {
    const bench = createMemoryLog([], (page, now) => async (contract, at, signal) => {
      if (at.fromMs < now() - 10 * MINUTE_MS && now() > START + MINUTE_MS) {
        return fail({ reason: 'server-error', status: 500 })
      }
      return await page(contract, at, signal)
    })
    const hot: number[] = []
    await bench.runUntil(() => bench.clock.now() > START + HOUR_MS, {
      hooks: { partRead: ({ kind }) => kind === 'hot' && hot.push(bench.clock.now()) },
    })
    const gaps = hot.slice(1).map((at, index) => at - (hot[index] ?? at))
    expect(Math.max(...gaps)).toBeLessThan(MINUTE_MS)
  })
})

const down = (now: number): boolean => now > START + MINUTE_MS && now < START + 5 * HOUR_MS

describe('an API that fails', () => {
  it.each([
    ['a refused token', 'unauthorized', 401, [0, 1, 61, 121]],
    ['a missing privilege', 'forbidden', 403, [0, 1, 61, 121]],
    ['server errors', 'server-error', 500, [0, 1, 3, 6, 12]],
    ['a network that is down', 'network', undefined, [0, 1, 3, 6, 12]],
  ] as const)('with %s is asked again after a while', async (_name, reason, status, seconds) => {
    const bench = createMemoryLog([], () => async () => fail({ reason, status }))
    const tries = () => bench.asked.filter(({ to, from }) => to - from > HOUR_MS - MINUTE_MS)
    await bench.runUntil(() => tries().length > 8, { forMs: 12 * HOUR_MS })
    const after = tries().map(({ at }) => Math.round((at - START) / 1_000))
    expect(after.slice(0, 2)).toEqual(seconds.slice(0, 2))
    expect(await bench.reads.mark(CONTRACT)).toBe(START - HOUR_MS)
  })

  it('is one warning that says what to check, and one line when it is over', async () => {
    const { log, lines } = createRecorder()
    const until = START + 10 * MINUTE_MS
    const hint = 'check the token in IONOS_TOKEN'
    const bench = createMemoryLog(
      [],
      (page, now) => async (contract, at, signal) =>
        now() < until
          ? fail({ reason: 'unauthorized', status: 401, hint })
          : await page(contract, at, signal),
    )
    let reader: ReturnType<Bench['reader']> | undefined
    const seen = new Set<string | undefined>()
    const bystander = { ...bench, reader: () => (reader ??= bench.reader({ log })) }
    const stopper = new AbortController()
    const watch = async (): Promise<void> => {
      while (bench.clock.now() < until + 5 * MINUTE_MS) {
        seen.add(reader?.status()[CONTRACT]?.state)
        await bench.clock.sleep(1_000)
      }
      stopper.abort()
    }
    await Promise.all([bystander.reader().run(stopper.signal), watch()])
    expect(seen).toContain('blind')
    expect(reader?.status()[CONTRACT]).toMatchObject({
      state: 'reading',
      lastError: { reason: 'unauthorized', status: 401, hint },
    })
    const told = lines.filter(({ msg }) => !msg.includes('how it pages'))
    expect(told.map(({ level }) => level)).toEqual([INFO, WARN, INFO])
    expect(told[1]?.msg).toContain(hint)
    expect(told[2]?.msg).toBe('reading again')
  })

  it('is no news when one request fails now and then', async () => {
    const { log, lines } = createRecorder()
    let number = 0
    const bench = createMemoryLog([], (page) => async (contract, at, signal) => {
      number += 1
      return number % 2 === 0
        ? fail({ reason: 'server-error', status: 502 })
        : await page(contract, at, signal)
    })
    await bench.runUntil(() => bench.clock.now() > START + HOUR_MS, { log })
    expect(lines.filter(({ level }) => level === WARN)).toEqual([])
  })

  it('that says 429 is left alone by all contracts for as long as it asks', async () => {
    let first = true
    const bench = createMemoryLog([], (page) => async (contract, at, signal) => {
      if (first) {
        first = false
        return fail({ reason: 'rate-limited', status: 429, retryAfterMs: 45_000 })
      }
      return await page(contract, at, signal)
    })
    await bench.runUntil(() => bench.clock.now() > START + 60_000, {
      contracts: fixedContracts(['1', '2', '3']),
    })
    const times = bench.asked.map(({ at }) => at - START)
    expect(times.filter((at) => at > 0 && at < 45_000)).toEqual([])
    expect(times.filter((at) => at >= 45_000).length).toBeGreaterThan(3)
  })

  it('is read on from the mark after hours, without a gap', async () => {
    const entries = every(20_000, START - HOUR_MS, START + 8 * HOUR_MS)
    const bench = createMemoryLog(
      entries,
      (page, now) => async (contract, at, signal) =>
        down(now())
          ? fail({ reason: 'server-error', status: 503 })
          : await page(contract, at, signal),
    )
    await bench.runUntil(() => bench.clock.now() > START + 6 * HOUR_MS)
    const mark = (await bench.reads.mark(CONTRACT)) ?? 0
    expect(mark).toBeGreaterThan(START + 5.9 * HOUR_MS)
    const expected = Math.floor((mark - (START - HOUR_MS)) / 20_000)
    expect(new Set(idsOf(bench.queued)).size).toBeGreaterThanOrEqual(expected)
    expect(await bench.reads.unproven(CONTRACT, 9)).toEqual([])
  })

  it('for one second only costs that second, until it can be read', async () => {
    const bad = START + 10 * MINUTE_MS
    const healedAt = START + 3 * HOUR_MS
    const entries = every(10_000, START - MINUTE_MS, START + 4 * HOUR_MS)
    const bench = createMemoryLog(
      entries,
      (page, now) => async (contract, at, signal) =>
        at.fromMs <= bad && at.toMs > bad && now() < healedAt
          ? fail({ reason: 'server-error', status: 500 })
          : await page(contract, at, signal),
    )
    const unproven: (readonly Span[])[] = []
    await bench.runUntil(() => bench.clock.now() > START + 2 * HOUR_MS, {
      config: { ...CONFIG, requestsPerMinuteMax: 6_000 },
    })
    unproven.push(await bench.reads.unproven(CONTRACT, 9))
    expect(unproven[0]).toMatchObject([{ from: bad, to: bad + 1_000 }])
    expect(await bench.reads.mark(CONTRACT)).toBeGreaterThan(START + 1.9 * HOUR_MS)
    const id = `entry-${(bad - START + MINUTE_MS) / 10_000}`
    expect(idsOf(bench.queued)).not.toContain(id)
    await bench.runUntil(() => idsOf(bench.queued).includes(id))
    await bench.runUntil(() => bench.clock.now() > healedAt + 70 * MINUTE_MS)
    expect(await bench.reads.unproven(CONTRACT, 9)).toEqual([])
  })

  it('for a day is a gap that the log names', async () => {
    const { log, lines } = createRecorder()
    const window = { from: START - 2 * HOUR_MS, to: START - 2 * HOUR_MS + 1_000 }
    const bench = createMemoryLog([], (page) => async (contract, at, signal) => {
      const { total, ...rest } = await page(contract, at, signal)
      return { ...rest, total: at.fromMs <= window.from && at.toMs > window.from ? 1 : total }
    })
    const found = { proven: false, at: START }
    await bench.reads.finishWindow(CONTRACT, record(window, found), 0)
    await bench.reads.finishWindow(CONTRACT, record({ from: START, to: START }), 0)
    const gaps: Span[] = []
    await bench.runUntil(() => gaps.length > 0, {
      log,
      forMs: 30 * HOUR_MS,
      config: { ...CONFIG, intervalMs: 10 * MINUTE_MS },
      hooks: { gap: (_contract, gap) => void gaps.push(gap) },
    })
    expect(gaps).toEqual([window])
    expect(bench.clock.now() - START).toBeGreaterThan(24 * HOUR_MS)
    expect(await bench.reads.unproven(CONTRACT, 9)).toEqual([])
    const warned = lines.filter(({ level }) => level === WARN).map(({ msg }) => msg)
    expect(warned).toEqual([expect.stringContaining('gave up 2026-11-20 07:00:00–07:00:01')])
  })
})

describe('what cannot take more', () => {
  it('a queue above its high water stops the reading, and lets it go on below', async () => {
    const { log, lines } = createRecorder()
    const bench = createMemoryLog(every(10_000, START - HOUR_MS, START + HOUR_MS))
    bench.waiting = CONFIG.highWater + 1
    const release = async (): Promise<void> => {
      while (bench.clock.now() < START + 5 * MINUTE_MS) await bench.clock.sleep(1_000)
      expect(
        bench.asked.filter(({ limit, to, from }) => limit === 100 && to - from > HOUR_MS),
      ).toEqual([])
      bench.waiting = CONFIG.highWater
    }
    await Promise.all([release(), bench.runUntil(() => bench.queued.length > 0, { log })])
    const told = lines.filter(({ msg }) => msg.includes('queue')).map(({ level }) => level)
    expect(told).toEqual([INFO, INFO])
  })

  it.each(['enqueue', 'waiting', 'seen', 'announce', 'remember', 'begin', 'finishWindow'] as const)(
    'a store that is down at "%s" is waited for, with one warning, and nothing is lost',
    async (name) => {
      const { log, lines } = createRecorder()
      const bench = createMemoryLog(every(10_000, START - HOUR_MS, START + 2 * HOUR_MS))
      const isDown = (): boolean => bench.clock.now() < START + 20 * MINUTE_MS
      let held = 0
      const flaky: Guard = async (own, call) => {
        if (own !== name || !isDown()) return await call()
        held += 1
        throw new Error('connect ECONNREFUSED')
      }
      const { reads, batches, seen, queue } = bench
      await bench.runUntil(() => bench.clock.now() > START + 30 * MINUTE_MS, {
        log,
        batches: guarded(batches, flaky),
        reads: guarded(reads, flaky),
        seen: guarded(seen, flaky),
        queue: guarded(queue, flaky),
      })
      expect(held).toBeGreaterThan(10)
      const warned = lines.filter(({ level }) => level === WARN)
      expect(warned.map(({ msg }) => msg)).toEqual([expect.stringContaining('ECONNREFUSED')])
      const mark = (await bench.reads.mark(CONTRACT)) ?? 0
      expect(mark).toBeGreaterThan(START + 29 * MINUTE_MS)
      const first = name === 'begin' ? START - 40 * MINUTE_MS : START - HOUR_MS
      const count = Math.floor((mark - first) / 10_000)
      expect(new Set(idsOf(bench.queued)).size).toBeGreaterThanOrEqual(count)
    },
  )
})

describe('what is no entry', () => {
  it('goes to the dead letters once with its text; one without a time is judged as well', async () => {
    const harness: Harness = await createHarness()
    stop = async () => await harness.stop()
    const hits = [null, { _source: 'text' }, {}, { _source: { event: { type: 'Timeless' } } }]
    harness.simulator.addHits(CONTRACT, hits, { placeMs: START + 10_000 })
    await harness.runUntil(() => harness.clock.now() > START + 20 * MINUTE_MS)
    expect(harness.buried).toHaveLength(4)
    const letters = harness.buried.map(({ reason, text }) => `${reason}: ${text}`)
    expect(new Set(letters)).toEqual(
      new Set([
        'not-an-entry: null',
        'not-an-entry: {"_source":"text"}',
        'no-time: {}',
        'no-time: {"event":{"type":"Timeless"}}',
      ]),
    )
    expect(harness.queued).toEqual(expect.arrayContaining([{ event: { type: 'Timeless' } }, {}]))
    expect(harness.queued).toHaveLength(2)
  })
})

describe('several contracts', () => {
  it('share one budget of requests', async () => {
    const bench = createMemoryLog(every(60_000, START - HOUR_MS, START + HOUR_MS))
    const contracts = Array.from({ length: 12 }, (_, index) => `${index + 1}`)
    const max = 30
    await bench.runUntil(() => bench.clock.now() > START + 20 * MINUTE_MS, {
      contracts: fixedContracts(contracts),
      config: { ...CONFIG, requestsPerMinuteMax: max },
    })
    for (const { at } of bench.asked) {
      const within = bench.asked.filter((one) => one.at >= at && one.at < at + MINUTE_MS)
      expect(within.length).toBeLessThanOrEqual(max)
    }
  })

  it('are found when they are opened, and read on when they are no longer listed', async () => {
    const { log, lines } = createRecorder()
    const bench = createMemoryLog([])
    const contracts = {
      refreshMs: HOUR_MS,
      list: async () => (bench.clock.now() < START + HOUR_MS ? ['1', '2'] : ['2', '3']),
    }
    const reader = await bench.runUntil(() => bench.clock.now() > START + 2 * HOUR_MS, {
      contracts,
      log,
      config: { ...CONFIG, intervalMs: 10 * MINUTE_MS },
    })
    const status = reader.status()
    expect(Object.keys(status)).toEqual(['1', '2', '3'])
    for (const { mark = 0 } of Object.values(status)) {
      expect(mark).toBeGreaterThan(START + 1.8 * HOUR_MS)
    }
    const warned = lines.filter(({ level }) => level === WARN)
    expect(warned).toMatchObject([{ fields: { contracts: ['1'] } }])
  })
})

describe('a run', () => {
  it('rejects on a fault of ours, and ends the other contracts', async () => {
    const bench = createMemoryLog([], () => async (contract) => {
      if (contract === '2') throw new TypeError('a fault of ours')
      return { total: 0, hits: [], hitCount: 0 }
    })
    const reader = bench.reader({ contracts: fixedContracts(['1', '2']) })
    await expect(reader.run(new AbortController().signal)).rejects.toThrow('a fault of ours')
  })

  it('resolves at once when its signal has aborted already', async () => {
    const bench = createMemoryLog([])
    await bench.reader().run(AbortSignal.abort())
    expect(bench.asked).toEqual([])
  })
})

describe('an API whose offset counts pages', () => {
  it('is found out and read with no more requests than pages', async () => {
    const harness: Harness = await createHarness({ offsetCounts: 'pages' })
    stop = async () => await harness.stop()
    const entries = every(5_000, START - 50 * MINUTE_MS, START)
    harness.simulator.addEntries(CONTRACT, entries)
    const parts: PartRead[] = []
    await harness.runUntil(() => parts.length > 0, {
      hooks: { partRead: (part) => void parts.push(part) },
    })
    expect(parts[0]).toMatchObject({ proven: true, total: 576, requests: 6 })
  })
})
