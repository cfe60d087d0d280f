// Owns the HTTP contract of the simulated API: what it takes, what it refuses, how it pages.
import { describe, expect, test } from 'vitest'
import { silentScenario } from '../../src/simulator/scenario.ts'
import {
  CONTRACT,
  isoSecond,
  readShipped,
  run,
  smallEntry,
  sorted,
  sourcesOf,
  START_MS,
} from './harness.ts'

const silent = silentScenario([CONTRACT])
const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('who may ask', () => {
  const login = { token: 'open', username: 'ann@example.com', password: 'a:b' }
  const cases: readonly [string, Record<string, string>, number][] = [
    ['the token opens', bearer('open'), 200],
    ['the scheme may be in small letters', { authorization: 'bearer open' }, 200],
    ['a login opens, even with a colon in its password', basic('ann@example.com:a:b'), 200],
    ['nothing is refused', {}, 401],
    ['another token is refused', bearer('opens'), 401],
    ['an empty token is refused', { authorization: 'Bearer ' }, 401],
    ['another password is refused', basic('ann@example.com:a'), 401],
    ['another scheme is refused', { authorization: 'Digest open' }, 401],
  ]
  test.each(cases)('%s', async (_, headers, status) => {
    const { get } = await run({ scenario: silent, ...login })
    for (const path of ['/contracts', `/contracts/${CONTRACT}`]) {
      expect((await get(path, headers)).status).toBe(status)
    }
  })

  test('a refusal has the form of the other APIs of IONOS', async () => {
    const { get } = await run({ scenario: silent })
    const { json } = await get('/contracts', {})
    expect(json).toEqual({
      httpStatus: 401,
      messages: [{ errorCode: '315', message: 'Unauthorized' }],
    })
  })

  test('the description of the API needs no credentials', async () => {
    const { get, url } = await run({ scenario: silent })
    const { status, json } = await get('', {})
    expect(status).toBe(200)
    expect(json).toEqual({ href: `${url}/activitylog/v1`, name: 'Activity Log API', version: 'v1' })
  })
})

describe('contracts', () => {
  test('are a bare list, with numbers that may exceed what JavaScript can hold', async () => {
    const { get, url } = await run({ scenario: silentScenario([CONTRACT, '9876543218374837483']) })
    const { text } = await get('/contracts')
    const href = `${url}/activitylog/v1/contracts`
    expect(text).toBe(
      `[{"id":31720001,"type":"contracts","href":"${href}/31720001"},` +
        `{"id":9876543218374837483,"type":"contracts","href":"${href}/9876543218374837483"}]`,
    )
    expect((await get('/contracts/9876543218374837483')).status).toBe(200)
  })

  const [own, other] = [CONTRACT, '31720002']
  const named = (number: string) => ({ ...bearer('simulated-token'), 'x-contract-number': number })
  const cases: readonly [string, string, Record<string, string>, number][] = [
    ['the main contract needs no header', own, bearer('simulated-token'), 200],
    ['the main contract may be named', own, named(own), 200],
    ['a sub-contract needs to be named', other, bearer('simulated-token'), 403],
    ['a sub-contract that is named answers', other, named(other), 200],
    ['a sub-contract under the name of the main one is refused', other, named(own), 403],
    ['a contract out of reach is refused', '99', bearer('simulated-token'), 403],
    ['a header with a contract out of reach is refused', own, named('99'), 403],
    ['what is no number is refused', 'mine', bearer('simulated-token'), 403],
  ]
  test.each(cases)('%s', async (_, number, headers, status) => {
    const { get } = await run({ scenario: readShipped('company') })
    const now = isoSecond(START_MS)
    expect((await get(`/contracts/${number}?dateStart=${now}`, headers)).status).toBe(status)
  })
})

describe('what a window holds', () => {
  const entries = [
    '2026-11-19T23:59:59.999Z',
    '2026-11-20T00:00:00Z',
    '2026-11-20T08:00:00.500Z',
    '2026-11-20T10:00:00.000Z',
  ]
  const cases: readonly [string, string, number[]][] = [
    ['all without dates', '', [3, 2, 1, 0]],
    ['from the start on, which is in', 'dateStart=2026-11-20T00:00:00Z', [3, 2, 1]],
    ['up to the end, which is out', 'dateEnd=2026-11-20T10:00:00Z', [2, 1, 0]],
    ['between both', 'dateStart=2026-11-20T00:00:00Z&dateEnd=2026-11-20T08:00:00Z', [1]],
    [
      'milliseconds count as they are',
      'dateStart=2026-11-20T08:00:00Z&dateEnd=2026-11-20T08:00:01Z',
      [2],
    ],
    ['a plain date is its midnight', 'dateStart=2026-11-20', [3, 2, 1]],
    ['a plain date as end leaves out its day', 'dateEnd=2026-11-20', [0]],
    ['nothing when the end is the start', 'dateStart=2026-11-20&dateEnd=2026-11-20', []],
    ['nothing when the end is before the start', 'dateStart=2026-11-20&dateEnd=2026-11-19', []],
    ['parameters it does not know are ignored', 'startDate=2027-01-01&size=1', [3, 2, 1, 0]],
    ['rows to skip', 'offset=1', [2, 1, 0]],
    ['rows at most', 'limit=2', [3, 2]],
    ['both', 'offset=1&limit=2', [2, 1]],
    ['an offset beyond the end gives no hits', 'offset=9', []],
    ['a limit of nothing gives no hits', 'limit=0', []],
  ]
  test.each(cases)('%s', async (_, query, expected) => {
    const { simulator, page } = await run({ scenario: silent })
    const made = entries.map((time, index) => ({ index, meta: { time } }))
    simulator.addEntries(CONTRACT, made)
    const { hits, total } = await page(query)
    expect(hits).toEqual(expected.map((index) => ({ _source: made[index] })))
    const paged = query.replace(/(offset|limit)=\d+&?/g, '')
    expect(total).toBe((await page(`${paged}&limit=1000`)).hits.length)
  })

  test('twenty hits when no limit is given, and no more than the maximum when too many are', async () => {
    const { simulator, page } = await run({ scenario: silent, limitMax: 30 })
    simulator.addEntries(
      CONTRACT,
      Array.from({ length: 50 }, (_, i) => smallEntry(`e${i}`, -i)),
    )
    expect(await page('')).toMatchObject({ total: 50, hits: { length: 20 } })
    expect(await page('limit=1000')).toMatchObject({ total: 50, hits: { length: 30 } })
  })

  const refused: readonly [string, string][] = [
    ['fractions of a second', 'dateStart=2026-11-20T00:00:00.000Z'],
    ['a numeric offset from UTC', 'dateEnd=2026-11-20T00:00:00%2B01:00'],
    ['a time without zone', 'dateEnd=2026-11-20T00:00:00'],
    ['a day that does not exist', 'dateStart=2026-02-30'],
    ['a month that does not exist', 'dateStart=2026-13-01'],
    ['the hour 24', 'dateStart=2026-11-20T24:00:00Z'],
    ['an empty date', 'dateStart='],
    ['a date given twice', 'dateStart=2026-11-20&dateStart=2026-11-21'],
    ['a negative offset', 'offset=-1'],
    ['an offset that is no number', 'offset=two'],
    ['a fraction as limit', 'limit=2.5'],
    ['an empty limit', 'limit='],
  ]
  test.each(refused)('%s is refused with 400', async (_, query) => {
    const { get } = await run({ scenario: silent })
    const { status, json } = await get(`/contracts/${CONTRACT}?${query}`)
    expect(status).toBe(400)
    expect(json).toMatchObject({ httpStatus: 400, messages: [{ errorCode: '100' }] })
  })

  test('entries of the future are not shown before their time', async () => {
    const { simulator, page, clock } = await run({ scenario: silent })
    simulator.addEntries(CONTRACT, [smallEntry('soon', 1)])
    expect((await page('')).total).toBe(0)
    clock.nowMs += 60_000
    expect((await page('')).total).toBe(1)
  })

  test('an entry is shown from the moment a test says', async () => {
    const { simulator, page, clock } = await run({ scenario: silent })
    const visibleAtMs = START_MS + 5000
    simulator.addEntries(CONTRACT, [smallEntry('late', -1)], { visibleAtMs })
    expect((await page('')).total).toBe(0)
    expect(
      simulator.entriesHeld(CONTRACT, { from: START_MS - 120_000, to: START_MS }),
    ).toHaveLength(1)
    clock.nowMs = visibleAtMs
    expect((await page('')).total).toBe(1)
  })

  test('entries may be put in bare, as hits, or broken', async () => {
    const { simulator, page } = await run({ scenario: silent })
    const entry = smallEntry('a', -1)
    simulator.addEntries(CONTRACT, [entry, { _source: entry }])
    simulator.addHits(CONTRACT, [{}, { _source: null }, 'text'], { placeMs: START_MS - 1000 })
    const { hits, total } = await page('')
    expect(total).toBe(5)
    expect(hits).toEqual(
      expect.arrayContaining([{ _source: entry }, {}, { _source: null }, 'text']),
    )
    const held = simulator.entriesHeld(CONTRACT, { from: 0, to: START_MS })
    expect(held).toEqual([entry, entry])
  })
})

describe('what the probe of a reader has to find out', () => {
  const numbered = Array.from({ length: 10 }, (_, i) => ({ ...smallEntry(`e${i}`, i - 20), i }))
  const cases: readonly [
    string,
    { offsetCounts?: 'rows' | 'pages'; order?: 'newest' | 'oldest' },
    number[],
  ][] = [
    ['newest first, offset counts rows', {}, [7, 6]],
    ['oldest first, offset counts rows', { order: 'oldest' }, [2, 3]],
    ['newest first, offset counts pages', { offsetCounts: 'pages' }, [5, 4]],
    ['oldest first, offset counts pages', { order: 'oldest', offsetCounts: 'pages' }, [4, 5]],
  ]
  test.each(cases)('%s', async (_, options, expected) => {
    const { simulator, page } = await run({ scenario: silent, ...options })
    simulator.addEntries(CONTRACT, numbered)
    const { hits } = await page('offset=2&limit=2')
    expect(hits).toEqual(expected.map((i) => ({ _source: numbered[i] })))
  })
})

describe('reading everything', () => {
  const window = `dateStart=${isoSecond(START_MS - 3_600_000)}&dateEnd=${isoSecond(START_MS)}`

  test('pages of any size give the entries that are held, each once', async () => {
    const { simulator, page } = await run({ scenario: readShipped('demo') })
    const held = simulator.entriesHeld(CONTRACT, { from: START_MS - 3_600_000, to: START_MS })
    expect(held.length).toBeGreaterThan(50)
    for (const limit of [7, 20, 1000]) {
      const read: unknown[] = []
      for (let offset = 0; offset < held.length; offset += limit) {
        const { hits, total } = await page(`${window}&offset=${offset}&limit=${limit}`)
        expect(total).toBe(held.length)
        read.push(...sourcesOf(hits))
      }
      expect(sorted(read)).toEqual(sorted(held))
    }
  })

  test('windows that touch hold what the whole holds, while time goes on', async () => {
    const { simulator, page, clock } = await run({ scenario: readShipped('demo') })
    const read: unknown[] = []
    for (let second = 0; second < 120; second += 8) {
      clock.nowMs = START_MS + (second + 8) * 1000
      const from = isoSecond(START_MS + second * 1000)
      const { hits } = await page(`dateStart=${from}&dateEnd=${isoSecond(clock.nowMs)}&limit=1000`)
      read.push(...sourcesOf(hits))
    }
    const held = simulator.entriesHeld(CONTRACT, { from: START_MS, to: clock.nowMs })
    expect(held.length).toBeGreaterThan(100)
    expect(sorted(read)).toEqual(sorted(held))
  })

  test('the whole history is as long as what is held, also when asked again', async () => {
    const historyMs = 24 * 3_600_000
    const { page, simulator } = await run({ scenario: { ...readShipped('demo'), historyMs } })
    const held = simulator.entriesHeld(CONTRACT, {
      from: START_MS - 2 * historyMs,
      to: START_MS + 1,
    })
    const [first, again] = [await page('limit=1'), await page('limit=1')]
    expect(first.total).toBe(held.length)
    expect(again).toEqual(first)
    const oldest = await page(`offset=${first.total - 1}`)
    expect(sourcesOf(oldest.hits)).toEqual(held.slice(0, 1))
  })
})

describe('being a server', () => {
  test.each([
    ['another method is refused', 'POST', '/activitylog/v1/contracts', 405],
    ['another path is not there', 'GET', '/cloudapi/v6/um/users', 404],
  ])('%s', async (_, method, path, status) => {
    const { url } = await run({ scenario: silent })
    const response = await fetch(`${url}${path}`, { method })
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ httpStatus: status })
  })

  test('requests are counted and remembered with what was asked', async () => {
    const { simulator, page, get } = await run({ scenario: silent })
    await page('limit=1')
    await get('/contracts', {})
    expect(simulator.counts()).toEqual({ requests: 2, faults: {} })
    expect(simulator.requests()).toEqual([
      {
        atMs: START_MS,
        method: 'GET',
        url: `/activitylog/v1/contracts/${CONTRACT}?limit=1`,
        status: 200,
        faults: [],
      },
      { atMs: START_MS, method: 'GET', url: '/activitylog/v1/contracts', status: 401, faults: [] },
    ])
  })

  test('stopping closes connections that are kept alive', async () => {
    const { simulator, page, url } = await run({ scenario: silent })
    await page('')
    await simulator.stop()
    await expect(fetch(url)).rejects.toThrow('fetch failed')
  })

  test('a contract that is not there is a mistake of the test', async () => {
    const { simulator } = await run({ scenario: silent })
    expect(() => simulator.addEntries('99', [])).toThrow('no contract 99')
  })
})
