// Owns the proof that pages of alerts together are all alerts, once each, in order, on a real Redis.
import fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import {
  type Cursor,
  formatCursor,
  parseCursor,
  readAlertPage,
} from '../../src/http/alert-pages.ts'
import { createKeys } from '../../src/state/keys.ts'
import { openRedisStores } from '../../src/state/redis.ts'
import { openTestRedis } from '../state/redis.ts'
import { sampleAlert } from '../state/sample.ts'

const test = openTestRedis()
afterAll(() => test.close())

const EVERYTHING = {
  states: [],
  severities: [],
  rules: [],
  contracts: [],
  group: [],
  text: '',
  from: Number.NEGATIVE_INFINITY,
  to: Number.POSITIVE_INFINITY,
} as const

let opened = 0

type Placed = { readonly contract: number; readonly group: number; readonly last: number }

async function openWith(placed: readonly Placed[]) {
  opened += 1
  const keys = createKeys(`${test.prefix}-pages-${opened}`)
  const stores = openRedisStores(test.redis, keys)
  const versions = new Map<string, number>()
  for (const [index, { contract, group, last }] of placed.entries()) {
    const [name, key] = [`3172000${contract}`, `a${group}`]
    const version = versions.get(`${name}/${key}`) ?? 0
    versions.set(`${name}/${key}`, version + 1)
    const number = index + 1
    const alert = sampleAlert({ id: `${key}-${number}`, number, contract: name, first: last, last })
    await stores.contracts.add(name)
    const commit = { key, version, at: 0, events: [], alerts: [alert], notifications: [] }
    expect(await stores.alerts.commit(name, [commit])).toEqual(['committed'])
  }
  return stores
}

async function allPages(stores: Awaited<ReturnType<typeof openWith>>, limit: number) {
  const numbers: number[] = []
  let after: Cursor | undefined
  for (let page = 0; page < 200; page += 1) {
    const { alerts, next } = await readAlertPage(stores, EVERYTHING, { after, limit })
    numbers.push(...alerts.map((alert) => alert.number))
    if (next === undefined) return numbers
    after = parseCursor(formatCursor(next))
  }
  throw new Error('pages do not end')
}

it('whatever the ties, the contracts and the size of a page', async () => {
  const placed = fc.record({
    contract: fc.integer({ min: 1, max: 4 }),
    group: fc.integer({ min: 1, max: 5 }),
    last: fc.integer({ min: 1, max: 6 }),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(placed, { maxLength: 40 }),
      fc.integer({ min: 1, max: 25 }),
      async (alerts, limit) => {
        const stores = await openWith(alerts)
        const numbers = await allPages(stores, limit)
        expect(numbers.toSorted((a, b) => a - b)).toEqual(alerts.map((_, index) => index + 1))
        const times = numbers.map((number) => alerts[number - 1]?.last as number)
        expect(times).toEqual(times.toSorted((a, b) => b - a))
      },
    ),
    { numRuns: 25 },
  )
})

it.each(['', 'nonsense', 'W10', Buffer.from('[1,2,3]').toString('base64url')])(
  'a cursor that is none (%j) is none',
  (text) => {
    expect(parseCursor(text)).toBeUndefined()
  },
)

it.each([
  [{ text: 'MALLORY' }, 2],
  [{ text: 'A-2' }, 1],
  [{ text: 'nobody' }, 0],
  [{ severities: ['low'] as const }, 0],
  [{ states: ['open'] as const }, 2],
  [{ rules: ['rule-one'] }, 2],
  [{ rules: ['other'] }, 0],
  [{ contracts: ['31720002'] }, 1],
  [{ group: [{ name: 'user', value: 'mallory@example.com' }] }, 2],
  [{ group: [{ name: 'user', value: 'mallory' }] }, 0],
  [{ group: [{ name: 'ip', value: 'mallory@example.com' }] }, 0],
  [{ group: ['nobody', 'mallory@example.com'].map((value) => ({ name: 'user', value })) }, 2],
  [{ from: 200 }, 1],
  [{ to: 200 }, 1],
])('the filter %j lets %i through', async (filter, count) => {
  const stores = await openWith([
    { contract: 1, group: 1, last: 100 },
    { contract: 2, group: 1, last: 300 },
  ])
  const asked = { ...EVERYTHING, ...filter }
  const { alerts } = await readAlertPage(stores, asked, { after: undefined, limit: 10 })
  expect(alerts).toHaveLength(count)
})
