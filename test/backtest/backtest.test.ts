// A backtest raises what the service raises, whatever the order and however often entries come, and
// whether they fit into memory or not.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCollector } from '../../src/backtest/collector.ts'
import type { RaisedAlert } from '../../src/backtest/result.ts'
import type { Alert } from '../../src/core/alert.ts'
import { createBacktestJudge } from '../../src/replay/backtest-judge.ts'
import { backtest, blockOf, READING, ruleSetOf, throughPipeline } from './replay.ts'

const START = Date.parse('2026-11-20T09:00:00Z')
const MINUTE_MS = 60_000

type Facts = {
  readonly id?: string | undefined
  readonly minute?: number | undefined
  readonly user?: string | undefined
  readonly ip?: string
  readonly method?: string
  readonly contract?: string
}

function entryOf({ id, minute = 0, user = 'ann', ip, method = 'DELETE', contract }: Facts) {
  const time = new Date(START + minute * MINUTE_MS).toISOString()
  return {
    ...(id === undefined ? {} : { '@uuid': id }),
    meta: { time },
    principal: { sourceIP: ip, identity: { username: user, contractNumber: contract } },
    event: { type: 'RequestAccepted', param: { action: method, uri: '/cloudapi/v6/snapshots/1' } },
  }
}

const leaf = (fact: string, value: unknown) => ({ fact, operator: 'equal', value })
const rule = (id: string, all: readonly object[], alert: object, more: object = {}) => ({
  id,
  conditions: { all },
  alert,
  ...more,
})

const DELETED = rule('deleted', [leaf('operation', 'delete')], { groupBy: ['user'], quiet: '10m' })

const RULES = ruleSetOf([
  rule('deleted', [leaf('operation', 'delete')], {
    groupBy: ['user'],
    quiet: '10m',
    severity: [
      { when: { count: 3 }, severity: 'high' },
      { when: { count: 2 }, severity: 'medium' },
    ],
  }),
  rule('anything', [{ fact: 'id', operator: 'exists', value: true }], { groupBy: [], quiet: '3m' }),
  rule(
    'by-place',
    [{ fact: 'method', operator: 'in', value: ['DELETE', 'GET'] }],
    { groupBy: ['ip', 'user', 'hour'], quiet: '1h' },
    { severity: 'critical' },
  ),
  rule('never', [leaf('user', 'nobody')], {}),
])

/** What the interface promises of an alert. */
const shown = ({ rule: id, group, first, last, count, severity }: RaisedAlert): string =>
  JSON.stringify([id, Object.values(group).map(String), first, last, count, severity])

const stored = (alert: Alert): string =>
  JSON.stringify([
    alert.rule.id,
    alert.group.map((field) => field.value),
    new Date(alert.first).toISOString(),
    new Date(alert.last).toISOString(),
    alert.count,
    alert.severity,
  ])

const facts = fc.record({
  minute: fc.oneof(fc.nat(40), fc.nat(300)),
  user: fc.constantFrom('ann', 'bob', 'unknown', '', undefined, 'a"b\\c', '\u202eevil'),
  ip: fc.constantFrom('192.0.2.1', '::ffff:192.0.2.1', 'no address'),
  method: fc.constantFrom('DELETE', 'GET', 'POST'),
  contract: fc.constantFrom('31720001', '31720002'),
})

/** Entries with ids of their own, a few without. */
const entries = fc
  .array(facts, { maxLength: 60 })
  .map((list) =>
    list.map((one, at) => entryOf({ ...one, id: at % 5 === 4 ? undefined : `e-${at}` })),
  )

type Entry = ReturnType<typeof entryOf>

/** All entries, some of them several times, in any order, in any blocks. */
const deliveryOf = (list: readonly Entry[]) =>
  fc
    .array(fc.nat(Math.max(0, list.length - 1)), { maxLength: 30 })
    .chain((again) => {
      const all = [...list.keys(), ...(list.length === 0 ? [] : again)]
      return fc.shuffledSubarray(all, { minLength: all.length })
    })
    .chain((order) =>
      fc.array(fc.nat(order.length), { maxLength: 5 }).map((cuts) => {
        const ends = [0, ...cuts.sort((a, b) => a - b), order.length]
        return ends
          .slice(1)
          .map((end, at) => order.slice(ends[at], end).map((index) => list[index]))
      }),
    )

describe('a backtest', () => {
  test('raises the alerts that the service raises', async () => {
    await fc.assert(
      fc.asyncProperty(entries, async (list) => {
        const batches = ['31720001', '31720002'].map((contract) => ({
          contract,
          entries: list.filter((entry) => entry.principal.identity.contractNumber === contract),
        }))
        const expected = (await throughPipeline(batches, RULES)).map(stored).sort()
        await backtest([list], [RULES], ({ alerts }) => {
          expect(alerts[0]?.map(shown).sort()).toEqual(expected)
        })
      }),
      { numRuns: 60 },
    )
  })

  test('tells the same of entries in any order, repeated, in any blocks, with and without room', async () => {
    const delivered = entries.chain((list) => fc.tuple(fc.constant(list), deliveryOf(list)))
    await fc.assert(
      fc.asyncProperty(delivered, fc.boolean(), async ([list, blocks], isCramped) => {
        const tell = ({ gathered, alerts, rules }: Parameters<Parameters<typeof backtest>[2]>[0]) =>
          JSON.stringify([gathered.events, gathered.span, alerts, rules])
        const expected = await backtest([list], [RULES], tell)
        const room = isCramped ? { slotsMax: 8, textBytesMax: 64 } : {}
        expect(await backtest(blocks, [RULES], tell, room)).toBe(expected)
      }),
      { numRuns: 80 },
    )
  })

  test('more events than fit, of several levels of files, are counted once each', async () => {
    const list = Array.from({ length: 3_000 }, (_, at) =>
      entryOf({ id: `e-${at}`, minute: at * 20 }),
    )
    const room = { slotsMax: 64, textBytesMax: 1_000 }
    await backtest(
      [list, list],
      [RULES],
      ({ gathered, rules }) => {
        expect(gathered).toMatchObject({ entries: 6_000, events: 3_000 })
        expect(rules[0]).toMatchObject([
          { id: 'anything', matches: 3_000, alerts: 3_000 },
          { id: 'by-place', matches: 3_000 },
          { id: 'deleted', matches: 3_000, detections: 3_000, alerts: 3_000 },
          { id: 'never', matches: 0, detections: 0, alerts: 0 },
        ])
      },
      room,
    )
  })

  const deleted = ruleSetOf([DELETED])
  const extentsOf = async (minutes: readonly number[]) =>
    await backtest(
      [minutes.map((minute, at) => entryOf({ id: `e-${at}`, minute }))],
      [deleted],
      ({ alerts }) =>
        alerts[0]?.map(({ first, last, count }) => [
          first.slice(11, 16),
          last.slice(11, 16),
          count,
        ]),
    )

  test.each([
    ['one event is one alert', [5], [['09:05', '09:05', 1]]],
    ['events within quiet are one', [0, 10], [['09:00', '09:10', 2]]],
    [
      'events further apart are two',
      [0, 10.1],
      [
        ['09:00', '09:00', 1],
        ['09:10', '09:10', 1],
      ],
    ],
    ['a chain is one however long', [30, 10, 20, 0, 40], [['09:00', '09:40', 5]]],
    ['one between two joins them', [0, 16, 8], [['09:00', '09:16', 3]]],
    ['events of one moment count each', [3, 3, 3], [['09:03', '09:03', 3]]],
  ] as [string, number[], unknown[]][])('%s', async (_name, minutes, expected) => {
    expect(await extentsOf(minutes)).toEqual(expected)
  })

  test('an event told with two times counts once, at the earlier', async () => {
    const list = [entryOf({ id: 'same', minute: 50 }), entryOf({ id: 'same', minute: 20 })]
    for (const order of [list, list.toReversed()]) {
      await backtest([order], [deleted], ({ gathered, alerts }) => {
        expect(gathered.events).toBe(1)
        expect(alerts[0]).toMatchObject([{ first: '2026-11-20T09:20:00.000Z', count: 1 }])
      })
    }
  })

  test('values of groups are shown as they are, numbers as numbers', async () => {
    const sets = [
      ruleSetOf([
        rule('a', [leaf('operation', 'delete')], { groupBy: ['user', 'hour', 'errorCode'] }),
      ]),
    ]
    const list = [entryOf({ user: 'x'.repeat(2_000), minute: 0 })]
    await backtest([list], sets, ({ alerts }) => {
      const user = `${'x'.repeat(511)}…`
      expect(alerts[0]?.[0]?.group).toEqual({ user, hour: 10, errorCode: 'unknown' })
    })
  })

  test('the contract is told where there are several, and keeps groups apart', async () => {
    const list = ['1', '2'].map((contract) => entryOf({ id: contract, contract }))
    await backtest([list], [deleted], ({ alerts }) => {
      expect(alerts[0]?.map(({ contract }) => contract).sort()).toEqual(['1', '2'])
    })
    await backtest([[list[0]]], [deleted], ({ alerts }) => {
      expect(alerts[0]?.[0]).not.toHaveProperty('contract')
    })
  })

  test('entries without a time are not lost', async () => {
    const undated = { ...entryOf({ id: 'e' }), meta: {} }
    await backtest([[undated]], [deleted], ({ gathered, alerts }) => {
      expect(gathered).toMatchObject({ undated: 1, span: undefined })
      expect(alerts[0]).toMatchObject([{ first: '1970-01-01T00:00:00.000Z', count: 1 }])
    })
  })

  test('ends when asked to and leaves no files', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tocsin-test-'))
    const rules = [new Map(deleted.rules.map((one) => [one.id, one]))]
    const collector = createCollector({ rules, slotsMax: 16, folder })
    const list = Array.from({ length: 100 }, (_, at) => entryOf({ id: `e-${at}` }))
    collector.add(createBacktestJudge([deleted], READING).judge(blockOf(list)))
    expect(readdirSync(folder)).toHaveLength(1)
    const stopped = AbortSignal.abort(new Error('asked to stop'))
    await expect(collector.finish({ settleMs: 0 }, stopped)).rejects.toThrow('asked to stop')
    collector.close()
    expect(readdirSync(folder)).toEqual([])
    rmSync(folder, { recursive: true })
  })
})
