import { describe, expect, it } from 'vitest'
import type { ActivityLogClient } from '../../src/source/client.ts'
import { type ProbeResult, probeApi } from '../../src/source/probe.ts'
import { fieldsOf } from '../../src/core/fields.ts'
import { entryAt, MINUTE_MS, pagesOf, START } from './reader-harness.ts'

const HOURS_MS = 60 * MINUTE_MS

const entriesOf = (count: number, ageMs: number): readonly unknown[] =>
  Array.from({ length: count }, (_, index) => entryAt(START - ageMs - index * 1_000, `e${index}`))

type Api = Pick<ActivityLogClient, 'page'>

const newestFirst = (entries: readonly unknown[]): Api => pagesOf(entries, () => START)

const inPages = (api: Api): Api => ({
  page: async (contract, at, signal) =>
    await api.page(contract, { ...at, offset: at.offset * at.limit }, signal),
})

/** The same log with its whole window in another order. */
const ordered = (api: Api, order: (hits: readonly unknown[]) => readonly unknown[]): Api => ({
  async page(contract, at, signal) {
    const all = await api.page(contract, { ...at, offset: 0, limit: 9_999 }, signal)
    const hits = order(all.hits).slice(at.offset, at.offset + at.limit)
    return { ...all, hits, hitCount: hits.length }
  },
})

const withoutId = (entry: unknown, index: number): unknown => {
  const { '@uuid': id, ...rest } = fieldsOf(entry)
  return index % 2 === 0 ? rest : { '@uuid': id, ...rest }
}

const ten = entriesOf(10, MINUTE_MS)

describe('the probe', () => {
  it.each<[string, Api, Partial<ProbeResult>]>([
    ['rows', newestFirst(ten), { offsetCounts: 'rows', order: 'newest-first', uuids: 'all' }],
    ['pages', inPages(newestFirst(ten)), { offsetCounts: 'pages' }],
    [
      'oldest first',
      ordered(newestFirst(ten), (hits) => hits.toReversed()),
      { offsetCounts: 'rows', order: 'oldest-first' },
    ],
    [
      'no order',
      ordered(newestFirst(ten), (hits) => [...hits.slice(5), ...hits.slice(0, 5)]),
      { offsetCounts: 'rows', order: 'none' },
    ],
    ['some ids', newestFirst(ten.map(withoutId)), { uuids: 'some' }],
    ['a log that is quiet for hours', newestFirst(entriesOf(4, 9 * HOURS_MS)), { entries: 4 }],
    ['too few entries', newestFirst(entriesOf(2, 1)), { offsetCounts: 'unknown', entries: 2 }],
    ['no entries', newestFirst([]), { offsetCounts: 'unknown', uuids: 'unknown', entries: 0 }],
  ])('tells %s', async (_name, api, expected) => {
    const result = await probeApi(api, '1', START, new AbortController().signal)
    expect(result).toMatchObject(expected)
  })

  it('asks four times at most', async () => {
    let requests = 0
    const counting: Api = {
      page: async (...args) => {
        requests += 1
        return await newestFirst([]).page(...args)
      },
    }
    await probeApi(counting, '1', START, new AbortController().signal)
    expect(requests).toBeLessThanOrEqual(4)
  })
})
