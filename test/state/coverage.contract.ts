// Owns what the ledger promises, however it is kept: each entry is counted once, and evaluated once,
// whatever is done twice, in whatever order, by whichever process died.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { found, HOUR_MS, NO_FENCE, type ReadStores, record, span } from './read-store.contract.ts'

const DAY = Date.UTC(2026, 10, 20)
const WHOLE_DAY = span(DAY, DAY + 24 * HOUR_MS)

export function describeCoverage(open: () => ReadStores | Promise<ReadStores>): void {
  it('says for a span how many of how many entries which rules evaluated', async () => {
    const { batches, coverage, reads } = await open()
    const window = span(DAY, DAY + HOUR_MS)
    await reads.begin('1', DAY)
    for (const [id, time] of [
      ['b-1', DAY + 10],
      ['b-2', DAY + 20],
      ['b-3', DAY + 30],
    ] as const) {
      await batches.announce('1', { id, time }, NO_FENCE)
    }
    const remember = async (batch: string, times: Readonly<Record<string, number>>) =>
      await batches.remember('1', { window, batch, entries: found(times) }, NO_FENCE)
    await remember('b-1', { a: DAY + 10, b: DAY + 11 })
    await remember('b-2', { b: DAY + 11, c: DAY + 12 })
    await remember('b-3', { d: DAY + 13 })
    await batches.finish('1', { id: 'b-1', window }, 'v1')
    await batches.finish('1', { id: 'b-1', window }, 'v2')
    await batches.finish('1', { id: 'b-2', window }, 'v2')
    expect(await coverage.coverage('1', span(DAY + 5, DAY + 6))).toMatchObject({
      from: DAY,
      to: DAY + HOUR_MS,
      entries: 4,
      evaluated: 3,
      waiting: 1,
      ruleSets: [
        { version: 'v1', entries: 2 },
        { version: 'v2', entries: 1 },
      ],
      delay: { p50: 60, p99: 60, max: 60 },
      complete: false,
    })
    await batches.finish('1', { id: 'b-3', window }, 'v2')
    await reads.finishWindow('1', record(span(DAY, DAY + HOUR_MS)), NO_FENCE)
    await reads.confirmHour('1', DAY, 5, DAY + 2 * HOUR_MS)
    expect(await coverage.coverage('1', window)).toMatchObject({
      entries: 4,
      evaluated: 4,
      waiting: 0,
      hours: { read: 1, confirmed: 1 },
      complete: true,
    })
    expect(await coverage.coverage('2', window)).toMatchObject({ entries: 0, complete: false })
  })

  it('counts a batch that is evaluated before its entries are remembered', async () => {
    const { batches, coverage } = await open()
    const window = span(DAY, DAY + HOUR_MS)
    await batches.announce('1', { id: 'b-1', time: DAY }, NO_FENCE)
    await batches.finish('1', { id: 'b-1', window }, 'v1')
    const entries = found({ a: DAY + 10, b: DAY + 11 })
    await batches.remember('1', { window, batch: 'b-1', entries }, NO_FENCE)
    await batches.remember('1', { window, batch: 'b-1', entries }, NO_FENCE)
    expect(await coverage.coverage('1', window)).toMatchObject({ entries: 2, evaluated: 2 })
  })

  it('counts what no attempt could evaluate apart, until it comes again and can be', async () => {
    const { batches, coverage } = await open()
    const window = span(DAY, DAY + HOUR_MS)
    const entries = found({ a: DAY + 10, b: DAY + 11 })
    const take = async (batch: string) => {
      await batches.announce('1', { id: batch, time: DAY + 10 }, NO_FENCE)
      await batches.remember('1', { window, batch, entries }, NO_FENCE)
    }
    await take('b-1')
    const poisoned = { id: 'b-1', window, span: span(DAY + 10, DAY + 12), entries, at: 70 }
    await batches.poison('1', poisoned)
    await batches.poison('1', poisoned)
    const before = { entries: 2, evaluated: 0, waiting: 0, poisoned: 2 }
    expect(await coverage.coverage('1', window)).toMatchObject({ ...before, complete: false })
    await take('b-2')
    expect(await coverage.coverage('1', window)).toMatchObject({ waiting: 2, poisoned: 0 })
    await batches.finish('1', { id: 'b-2', window }, 'v1')
    const after = { entries: 2, evaluated: 2, waiting: 0, poisoned: 0 }
    expect(await coverage.coverage('1', window)).toMatchObject(after)
  })

  it('tells the gaps that are open, and those that were closed', async () => {
    const { reads, coverage } = await open()
    const second = span(DAY + 5_000, DAY + 6_000)
    await reads.finishWindow('1', record(second, { proven: false, at: DAY + 9_000 }), NO_FENCE)
    const gap = { ...second, reason: 'unproven', foundAt: DAY + 9_000 }
    expect(await coverage.coverage('1', WHOLE_DAY)).toMatchObject({ gaps: [gap], closedGaps: [] })
    await reads.prove('1', span(DAY, DAY + 8_000), DAY + 20_000, NO_FENCE)
    const closed = { ...gap, closedAt: DAY + 20_000 }
    expect(await coverage.coverage('1', WHOLE_DAY)).toMatchObject({
      gaps: [],
      closedGaps: [closed],
    })
    const later = span(DAY + HOUR_MS, DAY + 2 * HOUR_MS)
    expect(await coverage.coverage('1', later)).toMatchObject({ gaps: [], closedGaps: [] })
  })

  it('says how late entries were, and leaves out what nobody was here to read', async () => {
    const { batches, coverage } = await open()
    const window = span(DAY, DAY + HOUR_MS)
    const late = (id: string, delaySeconds: number | undefined) => ({
      ...{ id, time: DAY + 10, usable: true },
      delaySeconds,
    })
    const entries = [
      ...Array.from({ length: 90 }, (_, at) => late(`quick-${at}`, 12)),
      ...Array.from({ length: 9 }, (_, at) => late(`slow-${at}`, 250)),
      late('slowest', 7_000),
      late('history', undefined),
    ]
    await batches.remember('1', { window, batch: undefined, entries }, NO_FENCE)
    const { delay } = await coverage.coverage('1', window)
    expect(delay).toEqual({ p50: 15, p95: 300, p99: 300, max: 7_000 })
  })

  it('counts what is no entry apart', async () => {
    const { batches, coverage } = await open()
    const window = span(DAY, DAY + HOUR_MS)
    const entry = { id: 'a', time: DAY + 10, usable: false, delaySeconds: 5 }
    await batches.remember('1', { window, batch: undefined, entries: [entry] }, NO_FENCE)
    const sums = { entries: 0, unusable: 1, delay: undefined }
    expect(await coverage.coverage('1', window)).toMatchObject(sums)
  })

  it('counts each entry once, whatever is repeated and in whatever order batches end', async () => {
    const step = fc.record({
      batch: fc.integer({ min: 0, max: 3 }),
      entries: fc.uniqueArray(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 4 }),
      crash: fc.constantFrom('none', 'announced', 'queued', 'evaluated'),
    })
    const property = fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const { batches, coverage } = await open()
      const window = span(DAY + HOUR_MS / 2, DAY + HOUR_MS + HOUR_MS / 2)
      const known = new Set<number>()
      const evaluated = new Set<number>()
      for (const [at, { batch, entries, crash }] of steps.entries()) {
        const id = `b-${batch}-${at}`
        const keys = Object.fromEntries(
          entries.map((entry) => [`e-${entry}`, window.from + entry * (HOUR_MS / 9)]),
        )
        await batches.announce('1', { id, time: window.from }, NO_FENCE)
        if (crash === 'announced') {
          await batches.forget('1', [id], 70)
          continue
        }
        if (crash === 'evaluated') await batches.finish('1', { id, window }, 'v1')
        if (crash !== 'queued') {
          const what = { window, batch: id, entries: found(keys) }
          await batches.remember('1', what, NO_FENCE)
          await batches.remember('1', what, NO_FENCE)
          for (const entry of entries) known.add(entry)
        }
        await batches.finish('1', { id, window }, 'v1')
        for (const entry of entries) if (known.has(entry)) evaluated.add(entry)
      }
      const sums = await coverage.coverage('1', window)
      expect(sums).toMatchObject({ entries: known.size, evaluated: known.size, waiting: 0 })
    })
    await fc.assert(property, { numRuns: 60 })
  })
}
