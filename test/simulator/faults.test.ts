// Owns what each fault does to a reader, and how a list of faults is written.
import { describe, expect, test } from 'vitest'
import { ALL_FAULTS, parseFaults } from '../../src/simulator/faults.ts'
import type { Faults } from '../../src/simulator/faults.ts'
import { silentScenario } from '../../src/simulator/scenario.ts'
import { CONTRACT, readShipped, run, smallEntry, sorted, sourcesOf, START_MS } from './harness.ts'
import type { Running } from './harness.ts'

describe('how faults are written', () => {
  const cases: readonly [string, Faults][] = [
    ['', {}],
    ['late=0.1:60s', { late: { probability: 0.1, ms: 60_000 } }],
    ['late', { late: { probability: 0.1, ms: 60_000 } }],
    ['late=1:2m', { late: { probability: 1, ms: 120_000 } }],
    [' duplicates=0.05 , shuffle ', { duplicates: 0.05, shuffle: 'page' }],
    ['shuffle:window', { shuffle: 'window' }],
    ['moving-total', { movingTotal: 0.1 }],
    ['damaged=0', { damaged: 0 }],
    [
      'slow=0.5:3s,cut=0.2,reset=0.1',
      { slow: { probability: 0.5, ms: 3000 }, cut: 0.2, reset: 0.1 },
    ],
    ['429=0.05:2s', { statuses: { 429: { probability: 0.05, ms: 2000 } } }],
    [
      '401,500=1',
      { statuses: { 401: { probability: 0.05, ms: 0 }, 500: { probability: 1, ms: 0 } } },
    ],
    ['limit10000', { ceiling: { rows: 10_000, status: 400 } }],
    ['limit10000:500', { ceiling: { rows: 10_000, status: 500 } }],
    ['all', ALL_FAULTS],
    [
      'all,cut=0,401=0',
      {
        ...ALL_FAULTS,
        cut: 0,
        statuses: { ...ALL_FAULTS.statuses, 401: { probability: 0, ms: 0 } },
      },
    ],
  ]
  test.each(cases)('%j', (text, faults) => {
    expect(parseFaults(text)).toEqual({ faults, problems: [] })
  })

  const bad: readonly [string, string][] = [
    ['lat=0.1', '"lat=0.1": unknown fault, did you mean "late"?'],
    ['late=2', '"late=2": "2" is no share, expected a number from 0 to 1'],
    ['cut=', '"cut=": "" is no share, expected a number from 0 to 1'],
    ['late=0.1:soon', '"late=0.1:soon": "soon" is no span, expected e.g. 30s'],
    ['duplicates=0.1:3s', '"duplicates=0.1:3s": it takes a share only, e.g. 0.05'],
    ['500=0.1:3s', '"500=0.1:3s": only 429 takes a span (its Retry-After)'],
    ['limit10000:404', '"limit10000:404": its answer is limit10000:400 or limit10000:500'],
    ['shuffle:all', '"shuffle:all": it is shuffle:page or shuffle:window'],
    ['=1', '"=1": not readable, expected name=share:size'],
    ['200=1', '"200=1": unknown fault'],
    ['toString', '"toString": unknown fault'],
  ]
  test.each(bad)('%j is refused', (text, problem) => {
    expect(parseFaults(text).problems).toEqual([expect.stringContaining(problem)])
  })

  test('all mistakes are told at once', () => {
    expect(parseFaults('lat,late=9,cut=0.1').problems).toHaveLength(2)
  })
})

/** From the start on, as one page. */
const windowOf = (to: number) =>
  `dateStart=2026-11-20T10:00:00Z&dateEnd=${new Date(to).toISOString().slice(0, 19)}Z&limit=1000`

describe('entries', () => {
  const from = START_MS
  test('late ones are missing at first, and there once their time has come', async () => {
    const faults = { late: { probability: 0.3, ms: 60_000 } }
    const { simulator, page, clock } = await run({ scenario: readShipped('demo'), faults })
    const to = from + 60_000
    const held = simulator.entriesHeld(CONTRACT, { from, to })
    clock.nowMs = to
    const early = await page(windowOf(to))
    expect(early.total).toBe(early.hits.length)
    expect(early.hits.length / held.length).toBeGreaterThan(0.6)
    expect(early.hits.length / held.length).toBeLessThan(0.97)
    clock.nowMs = to + 60_000
    expect(sorted(sourcesOf((await page(windowOf(to))).hits))).toEqual(sorted(held))
  })

  test('a late one stays visible once it was', async () => {
    const faults = { late: { probability: 1, ms: 30_000 } }
    const { page, clock } = await run({ scenario: readShipped('demo'), faults })
    const totals: number[] = []
    for (let second = 0; second <= 60; second += 5) {
      clock.nowMs = from + second * 1000
      totals.push((await page(windowOf(from + 20_000))).total)
    }
    expect(totals).toEqual(totals.toSorted((a, b) => a - b))
    expect(totals[1]).toBeLessThan(totals.at(-1) ?? 0)
  })

  test('doubled ones come twice, are counted twice, and are held once', async () => {
    const faults = { duplicates: 0.2 }
    const { simulator, page, clock } = await run({ scenario: readShipped('demo'), faults })
    const to = from + 60_000
    clock.nowMs = to
    const { hits, total } = await page(windowOf(to))
    const held = simulator.entriesHeld(CONTRACT, { from, to })
    expect(total).toBe(hits.length)
    expect(hits.length / held.length).toBeGreaterThan(1.1)
    expect(new Set(sorted(sourcesOf(hits)))).toEqual(new Set(sorted(held)))
  })

  test('broken hits stand beside the real ones and change none of them', async () => {
    const faults = { damaged: 0.2 }
    const { simulator, page, clock } = await run({ scenario: readShipped('demo'), faults })
    const to = from + 60_000
    clock.nowMs = to
    const { hits } = await page(windowOf(to))
    const held = new Set(sorted(simulator.entriesHeld(CONTRACT, { from, to })))
    const broken = hits.filter((hit) => !held.has(JSON.stringify(sourcesOf([hit])[0])))
    expect(hits.length - broken.length).toBe(held.size)
    const kinds = broken.map((hit) => {
      const [source] = sourcesOf([hit])
      if (source === undefined) return 'no _source'
      if (source === null) return '_source null'
      return typeof source === 'string' ? 'a text' : 'no time'
    })
    expect([...new Set(kinds)].sort()).toEqual(['_source null', 'a text', 'no _source', 'no time'])
    expect(JSON.stringify(broken)).not.toContain('"time"')
  })

  test('the same ones suffer when asked again', async () => {
    const faults = { duplicates: 0.2, damaged: 0.1, late: { probability: 0.5, ms: 20_000 } }
    const scenario = readShipped('demo')
    const [one, other] = [await run({ scenario, faults }), await run({ scenario, faults })]
    one.clock.nowMs = other.clock.nowMs = from + 30_000
    const query = windowOf(from + 30_000)
    expect(await one.page(query)).toEqual(await other.page(query))
    expect(await one.page(query)).toEqual(await other.page(query))
  })
})

const silent = silentScenario([CONTRACT])
const numbered = Array.from({ length: 50 }, (_, index) => smallEntry(`e${index}`, -index))

async function runNumbered(faults: Faults): Promise<Running> {
  const running = await run({ scenario: silent, faults })
  running.simulator.addEntries(CONTRACT, numbered)
  return running
}

describe('pages', () => {
  test('shuffled ones hold the same rows, each time in another order', async () => {
    const { page } = await runNumbered({ shuffle: 'page' })
    const pages = [await page('limit=10&offset=10'), await page('limit=10&offset=10')]
    const expected = sorted(numbered.slice(10, 20))
    for (const { hits } of pages) expect(sorted(sourcesOf(hits))).toEqual(expected)
    expect(pages[0]?.hits).not.toEqual(pages[1]?.hits)
  })

  test('a shuffled window has pages that overlap, and all rows only as one page', async () => {
    const { page } = await runNumbered({ shuffle: 'window' })
    const read: unknown[] = []
    for (let offset = 0; offset < 50; offset += 10) {
      read.push(...sourcesOf((await page(`limit=10&offset=${offset}`)).hits))
    }
    expect(read).toHaveLength(50)
    expect(new Set(sorted(read)).size).toBeLessThan(50)
    expect(sorted(sourcesOf((await page('limit=50')).hits))).toEqual(sorted(numbered))
  })

  test('a moving total is off by one, or an entry is missing until the next answer', async () => {
    const { page, simulator } = await runNumbered({ movingTotal: 1 })
    const seen = new Set<string>()
    for (let request = 0; request < 30; request += 1) {
      const { total, hits } = await page('limit=100')
      seen.add(`${total - 50} ${hits.length - 50}`)
    }
    expect([...seen].sort()).toEqual(['-1 -1', '-1 0', '1 0'])
    simulator.setFaults({})
    expect(await page('limit=100')).toMatchObject({ total: 50, hits: { length: 50 } })
  })

  test('an entry that is missing moves the rows behind it to the page before', async () => {
    const { page, simulator } = await runNumbered({ movingTotal: 1 })
    for (let request = 0; request < 20; request += 1) {
      const { hits } = await page('limit=10&offset=10')
      expect(hits).toHaveLength(10)
    }
    expect(simulator.counts().faults).toEqual({ 'moving-total': 20 })
  })

  const ceilings: readonly [string, number, number][] = [
    ['offset=9980&limit=20', 200, 400],
    ['offset=9981&limit=20', 400, 400],
    ['offset=10000&limit=1', 500, 500],
  ]
  test.each(ceilings)(
    '%s is answered with %i under the ceiling',
    async (query, expected, status) => {
      const { get } = await run({ scenario: silent, faults: { ceiling: { rows: 10_000, status } } })
      const answer = await get(`/contracts/${CONTRACT}?${query}`)
      expect(answer.status).toBe(expected)
      if (expected !== 200) expect(answer.text).toContain('Result window is too large')
    },
  )

  test('without the ceiling no offset is too high', async () => {
    const { page } = await run({ scenario: silent })
    expect(await page('offset=20000')).toEqual({ total: 0, hits: [] })
  })
})

const always = (status: number, ms = 0): Faults => ({
  statuses: { [status]: { probability: 1, ms } },
})

describe('answers', () => {
  test.each([401, 403])(
    '%i comes in the form of IONOS although the token is right',
    async (status) => {
      const { get } = await run({ scenario: silent, faults: always(status) })
      for (const path of ['/contracts', `/contracts/${CONTRACT}`]) {
        const answer = await get(path)
        expect(answer.status).toBe(status)
        expect(answer.json).toMatchObject({ httpStatus: status })
      }
    },
  )

  test.each([500, 502, 503, 504])('%i comes as a page of HTML', async (status) => {
    const { get } = await run({ scenario: silent, faults: always(status) })
    const { status: given, headers, text } = await get('/contracts')
    expect(given).toBe(status)
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(text).toContain('<h1>')
  })

  test('429 says in whole seconds when to come back', async () => {
    const { get } = await run({ scenario: silent, faults: always(429, 1500) })
    const { status, headers } = await get('/contracts')
    expect(status).toBe(429)
    expect(headers.get('retry-after')).toBe('2')
  })

  test('a slow answer waits on the clock, then is whole', async () => {
    const faults = { slow: { probability: 1, ms: 3000 } }
    const { page, clock } = await run({ scenario: silent, faults })
    expect(await page('')).toEqual({ total: 0, hits: [] })
    expect(clock.slept).toEqual([3000])
  })

  test('a cut answer promises more than it gives', async () => {
    const { simulator, get } = await runNumbered({ cut: 1 })
    await expect(get(`/contracts/${CONTRACT}`)).rejects.toThrow('terminated')
    expect(simulator.requests()).toMatchObject([{ status: 200, faults: ['cut'] }])
  })

  test('a connection that is reset gives nothing', async () => {
    const { simulator, get } = await runNumbered({ reset: 1 })
    await expect(get(`/contracts/${CONTRACT}`)).rejects.toMatchObject({
      cause: { code: 'ECONNRESET' },
    })
    expect(simulator.requests()).toMatchObject([{ status: undefined, faults: ['reset'] }])
  })

  test('whoever has no credentials meets no fault', async () => {
    const { get } = await run({ scenario: silent, faults: always(502) })
    expect((await get('/contracts', {})).status).toBe(401)
    expect((await get('', {})).status).toBe(200)
  })

  test('chance strikes about as often as asked, and the same for the same seed', async () => {
    const faults = { statuses: { 500: { probability: 0.3, ms: 0 } } }
    const statusesOf = async (seed: number) => {
      const { get } = await run({ scenario: silent, faults, seed })
      const statuses: number[] = []
      for (let request = 0; request < 60; request += 1)
        statuses.push((await get('/contracts')).status)
      return statuses
    }
    const [one, again, other] = [await statusesOf(1), await statusesOf(1), await statusesOf(2)]
    const struck = one.filter((status) => status === 500).length
    expect(struck).toBeGreaterThan(8)
    expect(struck).toBeLessThan(30)
    expect(again).toEqual(one)
    expect(other).not.toEqual(one)
  })

  test('a script names what each request meets, then chance decides again', async () => {
    const { simulator, get, clock } = await runNumbered({})
    simulator.scriptFaults(['ok', '429', 'slow', 'cut', 'reset', '502', 'ok'])
    const met: (number | string)[] = []
    for (let request = 0; request < 8; request += 1) {
      met.push(
        await get(`/contracts/${CONTRACT}`).then(
          ({ status }) => status,
          () => 'broken',
        ),
      )
    }
    expect(met).toEqual([200, 429, 200, 'broken', 'broken', 502, 200, 200])
    expect(clock.slept).toEqual([200])
    expect(simulator.counts()).toEqual({
      requests: 8,
      faults: { '429': 1, slow: 1, cut: 1, reset: 1, '502': 1 },
    })
  })

  test('a reader that tries again gets everything, whatever goes wrong', async () => {
    const { simulator, page, clock } = await run({
      scenario: readShipped('demo'),
      faults: ALL_FAULTS,
    })
    clock.nowMs = START_MS + 240_000
    const to = START_MS + 120_000
    const read = new Set<string>()
    for (let round = 0; round < 4; round += 1) {
      for (let offset = 0; offset < 600; ) {
        const query = `dateStart=2026-11-20T10:00:00Z&dateEnd=2026-11-20T10:02:00Z&limit=50&offset=${offset}`
        const answer = await page(query).catch(() => undefined)
        if (answer === undefined) continue
        for (const source of sourcesOf(answer.hits)) read.add(JSON.stringify(source))
        offset += 50
      }
    }
    const held = sorted(simulator.entriesHeld(CONTRACT, { from: START_MS, to }))
    expect(held.length).toBeGreaterThan(200)
    expect(held.filter((entry) => !read.has(entry))).toEqual([])
    expect(Object.keys(simulator.counts().faults).length).toBeGreaterThan(3)
  })
})
