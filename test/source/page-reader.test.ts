import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SourceError } from '../../src/source/errors.ts'
import { type PageSource, readWindow, type WindowPart } from '../../src/source/page-reader.ts'
import type { Span } from '../../src/state/stores.ts'

const START = Date.parse('2026-11-20T09:00:00Z')
const HOUR: Span = { from: START, to: START + 3_600_000 }

/** One row of the log: the same name twice is a true duplicate. */
type Row = { readonly name: string; readonly time: number }

/** How a log behaves; without anything it is honest, still and sorted. */
type Behaviour = {
  readonly order?: (rows: readonly Row[], request: number) => readonly Row[]
  /** Rows that appear before the given request. */
  readonly arrivals?: ReadonlyMap<number, readonly Row[]>
  /** Added to the total of the given request. */
  readonly drift?: (request: number) => number
  /** Offset plus limit beyond this are refused. */
  readonly ceiling?: number
  readonly limitMax?: number
}

type Log = PageSource & {
  readonly rows: Row[]
  /** Every name any answer held. */
  readonly shown: Set<string>
  requests(): number
}

function createLog(initial: readonly Row[], behaviour: Behaviour = {}): Log {
  const rows = [...initial]
  const shown = new Set<string>()
  let request = 0
  return {
    rows,
    shown,
    requests: () => request,
    async page(_contract, { fromMs, toMs, offset, limit }) {
      request += 1
      if (offset + limit > (behaviour.ceiling ?? Number.POSITIVE_INFINITY)) {
        throw new SourceError('too far', { reason: 'refused-window', status: 400 })
      }
      rows.push(...(behaviour.arrivals?.get(request) ?? []))
      const inside = rows.filter(({ time }) => time >= fromMs && time < toMs)
      const sorted = [...inside].sort((left, right) => left.time - right.time)
      const ordered = behaviour.order?.(sorted, request) ?? sorted
      const taken = ordered.slice(offset, offset + Math.min(limit, behaviour.limitMax ?? limit))
      for (const { name } of taken) shown.add(name)
      const hits = taken.map(({ name, time }) => ({
        '@uuid': name,
        meta: { time: new Date(time).toISOString() },
      }))
      const total = Math.max(0, inside.length + (behaviour.drift?.(request) ?? 0))
      return { total, hits, hitCount: hits.length }
    },
  }
}

async function readAll(
  source: PageSource,
  request: { readonly window?: Span; readonly pageSize?: number } = {},
): Promise<readonly WindowPart[]> {
  const { window = HOUR, pageSize = 100 } = request
  const signal = new AbortController().signal
  const parts: WindowPart[] = []
  const reading = { contract: '31720001', window, pageSize, offsetCounts: 'rows', signal } as const
  for await (const part of readWindow(source, reading)) parts.push(part)
  return parts
}

const namesOf = (parts: readonly WindowPart[]): readonly string[] =>
  parts.flatMap((part) => part.entries.map((entry) => entry.id))

const spread = (count: number, seconds = 3_600): readonly Row[] =>
  Array.from({ length: count }, (_, index) => ({
    name: `row-${index}`,
    time: START + Math.floor((index * seconds) / count) * 1_000,
  }))

/** A shuffle that is another one for each request, yet the same in each run. */
const shuffled = (rows: readonly Row[], request: number): readonly Row[] => {
  let state = request * 2_654_435_761
  const keyed = rows.map((row) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return [state, row] as const
  })
  return keyed.sort((left, right) => left[0] - right[0]).map(([, row]) => row)
}

describe('reading a window', () => {
  it('takes one request when everything fits on one page', async () => {
    const log = createLog(spread(100))
    const parts = await readAll(log)
    expect(parts).toMatchObject([{ window: HOUR, total: 100, known: 100, proven: true }])
    expect(log.requests()).toBe(1)
  })

  it('pages up to the total and no further', async () => {
    const log = createLog(spread(250))
    const parts = await readAll(log)
    expect(parts).toMatchObject([{ total: 250, proven: true, requests: 3 }])
    expect(new Set(namesOf(parts)).size).toBe(250)
  })

  it('proves an empty window', async () => {
    expect(await readAll(createLog([]))).toMatchObject([{ total: 0, proven: true, entries: [] }])
  })

  it('gives entries oldest first, each once, though the log is unsorted and repeats them', async () => {
    const rows = [...spread(40), ...spread(40)]
    const parts = await readAll(createLog(rows, { order: shuffled }))
    expect(namesOf(parts)).toEqual(spread(40).map(({ name }) => name))
    expect(parts[0]).toMatchObject({ total: 80, known: 80, proven: true })
  })

  it('reads again when the total moves between two pages', async () => {
    const late = { name: 'late', time: START }
    const log = createLog(spread(250), { arrivals: new Map([[3, [late]]]) })
    const parts = await readAll(log)
    expect(parts.every((part) => part.proven)).toBe(true)
    expect(namesOf(parts)).toContain('late')
    expect(log.requests()).toBeGreaterThan(3)
  })

  it('cuts into parts of one answer each when the total moved on the way', async () => {
    const last = { name: 'last', time: HOUR.to - 1 }
    const log = createLog(spread(250), { arrivals: new Map([[3, [last]]]) })
    const parts = await readAll(log)
    expect(parts.every((part) => part.proven && part.requests === 1)).toBe(true)
    expect(namesOf(parts).length).toBe(251)
    expect(parts[0]?.window.from).toBe(HOUR.from)
    expect(parts.at(-1)?.window.to).toBe(HOUR.to)
    // Three pages of the first try, then a request for each part.
    expect(log.requests()).toBe(3 + parts.length)
    expect(parts.length).toBeLessThanOrEqual(5)
  })

  it('cuts so that a duplicate lies in one answer, which a page boundary tore apart', async () => {
    const rows = spread(249)
    const log = createLog([...rows.slice(0, 100), ...rows.slice(99)])
    const parts = await readAll(log)
    expect(parts.every((part) => part.proven)).toBe(true)
    expect(parts.reduce((sum, part) => sum + part.known, 0)).toBe(250)
    expect(log.requests()).toBeLessThanOrEqual(8)
  })

  it('does not trust a total below what it has seen, nor one below an earlier total', async () => {
    const answers = (given: readonly (readonly [number, readonly string[]])[]): PageSource => {
      let number = 0
      return {
        page: async () => {
          const [total, names] = given[Math.min(number, given.length - 1)] ?? [0, []]
          number += 1
          return { total, hits: names.map((name) => ({ '@uuid': name })), hitCount: names.length }
        },
      }
    }
    const tooFew = answers([[1, ['a', 'b']]])
    expect(await readAll(tooFew)).toMatchObject([{ proven: false, known: 2 }])
    const shrinking = answers([
      [3, ['a', 'b']],
      [2, ['a']],
    ])
    expect(await readAll(shrinking)).toMatchObject([{ proven: false, known: 2, total: 2 }])
  })

  it('cuts windows whose pages shuffle until each fits on one page', async () => {
    const parts = await readAll(createLog(spread(300), { order: shuffled }))
    expect(parts.every((part) => part.proven)).toBe(true)
    expect(new Set(namesOf(parts)).size).toBe(300)
    expect(parts.length).toBeGreaterThan(1)
  })

  it('proves true duplicates that lie on different pages', async () => {
    // A stable order by name tears each pair apart when there is a page between the two.
    const rows = [...spread(150), ...spread(150)]
    const parts = await readAll(createLog(rows))
    expect(parts.every((part) => part.proven)).toBe(true)
    expect(new Set(namesOf(parts)).size).toBe(150)
  })

  it('halves at once above 9,000 hits, never asking beyond 10,000', async () => {
    const log = createLog(spread(12_000), { ceiling: 10_000 })
    const parts = await readAll(log)
    expect(parts.every((part) => part.proven)).toBe(true)
    expect(new Set(namesOf(parts)).size).toBe(12_000)
    expect(log.requests()).toBeLessThan(150)
  })

  it('halves where the API refuses an offset', async () => {
    const parts = await readAll(createLog(spread(900), { ceiling: 250 }))
    expect(parts.every((part) => part.proven)).toBe(true)
    expect(new Set(namesOf(parts)).size).toBe(900)
  })

  it('falls back to 100 a page when a larger page size is refused', async () => {
    const log = createLog(spread(150), { ceiling: 200 })
    const parts = await readAll(log, { pageSize: 500 })
    expect(parts).toMatchObject([{ proven: true, total: 150 }])
  })

  it('settles one crowded second by one large answer', async () => {
    const rows = spread(450, 1)
    const log = createLog(rows, { order: shuffled })
    const parts = await readAll(log)
    expect(parts.every((part) => part.proven)).toBe(true)
    expect(new Set(namesOf(parts)).size).toBe(450)
  })

  it('gives what it found of a second that cannot be proven, and says so', async () => {
    const log = createLog(spread(450, 1), { order: shuffled, limitMax: 100 })
    const parts = await readAll(log)
    const open = parts.filter((part) => !part.proven)
    expect(open).toMatchObject([{ window: { from: START, to: START + 1_000 } }])
    expect(new Set(namesOf(parts))).toEqual(log.shown)
  })

  it('leaves a single page that never adds up unproven, with all it showed', async () => {
    const log = createLog(spread(20), { drift: () => 1 })
    const parts = await readAll(log)
    expect(parts).toMatchObject([{ window: HOUR, total: 21, known: 20, proven: false }])
    expect(parts[0]?.entries).toHaveLength(20)
    expect(log.requests()).toBeLessThan(10)
  })

  it('ends although every answer claims more than there is', async () => {
    const log = createLog(spread(50), { drift: () => 1_000_000 })
    const parts = await readAll(log, { window: { from: START, to: START + 4_000 } })
    expect(parts.every((part) => !part.proven)).toBe(true)
    expect(new Set(namesOf(parts))).toEqual(log.shown)
  })

  it('marks what cannot be read at all, to the second', async () => {
    const bad = START + 1_234_000
    const log = createLog(spread(3_600))
    const source: PageSource = {
      async page(contract, at, signal) {
        if (at.fromMs <= bad && at.toMs > bad) {
          throw new SourceError('breaks', { reason: 'refused-window' })
        }
        return await log.page(contract, at, signal)
      },
    }
    const parts = await readAll(source)
    expect(parts.filter((part) => !part.proven)).toMatchObject([
      { window: { from: bad, to: bad + 1_000 }, entries: [] },
    ])
    expect(new Set(namesOf(parts)).size).toBe(3_599)
  })

  it('counts pages where offset means pages', async () => {
    const log = createLog(spread(250))
    const source: PageSource = {
      page: async (contract, at, signal) =>
        await log.page(contract, { ...at, offset: at.offset * at.limit }, signal),
    }
    const signal = new AbortController().signal
    const reading = { contract: '1', window: HOUR, pageSize: 100, signal }
    const parts: WindowPart[] = []
    for await (const part of readWindow(source, { ...reading, offsetCounts: 'pages' })) {
      parts.push(part)
    }
    expect(parts).toMatchObject([{ total: 250, proven: true, requests: 3 }])
  })

  it('throws what the pages throw', async () => {
    const source: PageSource = {
      page: async () => {
        throw new SourceError('no', { reason: 'unauthorized' })
      },
    }
    await expect(readAll(source)).rejects.toMatchObject({ reason: 'unauthorized' })
  })
})

/** One name has one content: only exact duplicates share a name. */
const consistent = (rows: readonly Row[]): readonly Row[] => {
  const times = new Map<string, number>()
  for (const { name, time } of rows) if (!times.has(name)) times.set(name, time)
  return rows.map((row) => ({ ...row, time: times.get(row.name) ?? row.time }))
}

describe('any log', () => {
  const WINDOW: Span = { from: START, to: START + 16_000 }
  const rowsOf = (max: number) =>
    fc.array(
      fc.record({
        name: fc.integer({ min: 0, max: 40 }).map(String),
        time: fc.integer({ min: 0, max: 15_999 }).map((ms) => START + ms),
      }),
      { maxLength: max },
    )
  const scenario = fc.record({
    rows: rowsOf(60),
    later: rowsOf(6),
    arriveAt: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 6, maxLength: 6 }),
    shuffle: fc.boolean(),
    limitMax: fc.constantFrom(3, 7, 1_000),
    ceiling: fc.constantFrom(20, 10_000),
    pageSize: fc.integer({ min: 1, max: 12 }),
    drifts: fc.array(fc.constantFrom(-1, 0, 0, 0, 1), { minLength: 1, maxLength: 7 }),
  })

  function build(
    made: typeof scenario extends fc.Arbitrary<infer T> ? T : never,
    lies: boolean,
  ): Log {
    const all = consistent([...made.rows, ...made.later])
    const arrivals = new Map<number, readonly Row[]>()
    all.slice(made.rows.length).forEach((row, index) => {
      const at = made.arriveAt[index] ?? 1
      arrivals.set(at, [...(arrivals.get(at) ?? []), row])
    })
    return createLog(all.slice(0, made.rows.length), {
      arrivals,
      limitMax: made.limitMax,
      ceiling: made.ceiling,
      ...(made.shuffle ? { order: shuffled } : {}),
      ...(lies ? { drift: (request) => made.drifts[request % made.drifts.length] ?? 0 } : {}),
    })
  }

  it('never calls a part proven that lacks a row which was there when it was read', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (made) => {
        const log = build(made, false)
        const signal = new AbortController().signal
        const reading = { contract: '1', pageSize: made.pageSize, offsetCounts: 'rows', signal }
        const parts = readWindow(log, { ...reading, offsetCounts: 'rows', window: WINDOW })
        for await (const { window, proven, entries } of parts) {
          if (!proven) continue
          const there = log.rows.filter(({ time }) => time >= window.from && time < window.to)
          const found = new Set(entries.map(({ id }) => id))
          expect(there.filter(({ name }) => !found.has(name))).toEqual([])
        }
      }),
      { numRuns: 300 },
    )
  })

  it('drops nothing any answer showed, and covers the window without gap or overlap', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (made) => {
        const log = build(made, true)
        const parts = await readAll(log, { window: WINDOW, pageSize: made.pageSize })
        expect(new Set(namesOf(parts))).toEqual(log.shown)
        let end = WINDOW.from
        for (const { window } of parts) {
          expect(window.from).toBe(end)
          end = window.to
        }
        expect(end).toBe(WINDOW.to)
      }),
      { numRuns: 300 },
    )
  })

  it('proves everything of a log that stands still and takes large limits', async () => {
    await fc.assert(
      fc.asyncProperty(rowsOf(120), fc.boolean(), async (rows, shuffle) => {
        const log = createLog(consistent(rows), shuffle ? { order: shuffled } : {})
        const parts = await readAll(log, { window: WINDOW, pageSize: 10 })
        expect(parts.filter((part) => !part.proven)).toEqual([])
      }),
      { numRuns: 200 },
    )
  })
})
