// Owns what makes the ordinary month ordinary: homes, holidays, nights on call, routines; and that its stories come once.
import { describe, expect, test } from 'vitest'
import { createCalendar } from '../../src/core/calendar.ts'
import { isObject } from '../../src/core/shape.ts'
import { createGenerator, BUCKET_MS } from '../../src/simulator/generator.ts'
import type { Scenario } from '../../src/simulator/scenario.ts'
import { readShipped } from './harness.ts'

const START_MS = Date.parse('2026-06-01T00:00:00+02:00')
const DAY_MS = 86_400_000
const shipped = readShipped('ordinary-month')
const calendar = createCalendar('Europe/Berlin')

type Done = {
  readonly timeMs: number
  readonly user: string
  readonly ip: string
  readonly what: string
}

/** Requests of some days, those of stories included when asked for. */
function requestsOf(
  days: readonly number[],
  { attacks = false, only = /./ } = {},
): readonly Done[] {
  const scenario = attacks ? shipped : withoutAttacks(shipped)
  const generator = createGenerator({ scenario, seed: 1, startTimeMs: START_MS, speed: 1 })
  const contract = scenario.contracts[0]
  if (contract === undefined) throw new Error('the scenario has no contract')
  const done: Done[] = []
  for (const day of days) {
    const first = Math.floor((START_MS + day * DAY_MS) / BUCKET_MS)
    for (let bucket = first; bucket < first + DAY_MS / BUCKET_MS; bucket += 1) {
      for (const { timeMs, source } of generator.entriesOf(contract, bucket)) {
        const one = describeRequest(timeMs, source)
        if (one !== undefined && only.test(one.user)) done.push(one)
      }
    }
  }
  return done
}

function describeRequest(timeMs: number, source: unknown): Done | undefined {
  if (!isObject(source) || !isObject(source['event']) || !isObject(source['principal']))
    return undefined
  const { type, param } = source['event']
  if (type === 'RequestStatusUpdate' || type === 'Provision') return undefined
  const { identity, sourceIP } = source['principal']
  const user = isObject(identity) ? String(identity['username']) : ''
  const what = isObject(param) ? `${String(param['action'])} ${String(param['uri'])}` : ''
  return { timeMs, user, ip: typeof sourceIP === 'string' ? sourceIP : '', what }
}

function withoutAttacks(scenario: Scenario): Scenario {
  const contracts = scenario.contracts.map((contract) => ({ ...contract, attacks: [] }))
  return { ...scenario, contracts }
}

const days = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at)

describe('an ordinary month', () => {
  const weeks = requestsOf(days(0, 14))

  test('has people who work here today and at home tomorrow, from one place a day', () => {
    const places = new Map<string, Set<string>>()
    for (const { user, ip, timeMs } of weeks) {
      if (!user.startsWith('mehmet.ops') || ip === '') continue
      const { date, hour } = calendar.at(timeMs)
      if (hour < 8 || hour > 18) continue
      places.set(date, (places.get(date) ?? new Set()).add(ip))
    }
    // A day on which a routine finds them at work is the same day.
    expect([...places.values()].every(({ size }) => size === 1)).toBe(true)
    expect(new Set([...places.values()].flatMap((set) => [...set])).size).toBeGreaterThan(1)
  })

  test('has nights on which somebody on call is up, and others on which nobody is', () => {
    const nights = weeks.filter(({ user, timeMs }) => {
      const { hour } = calendar.at(timeMs)
      return /\.ops@/.test(user) && hour >= 0 && hour < 5
    })
    const dates = new Map<string, number>()
    for (const { timeMs } of nights) {
      const { date } = calendar.at(timeMs)
      dates.set(date, (dates.get(date) ?? 0) + 1)
    }
    const busy = [...dates.values()].filter((count) => count >= 5).length
    expect(busy).toBeGreaterThan(0)
    expect(busy).toBeLessThan(10)
  })

  test('has snapshots every night, about as many as are deleted', () => {
    const made = weeks.filter(({ what }) => what.endsWith('/create-snapshot')).length
    const deleted = weeks.filter(({ what }) => /^DELETE .*\/snapshots\//.test(what)).length
    // Some entries tell nothing but a documented action string.
    expect(made).toBeGreaterThan(9 * 14)
    expect(deleted).toBe(14 * 14)
  })

  test('goes on without the contractor who left, and with the colleague who joins', () => {
    expect(weeks.filter(({ user }) => user.startsWith('karl'))).toEqual([])
    const zoe = weeks.filter(({ user }) => user.startsWith('zoe'))
    expect(zoe.length).toBeGreaterThan(0)
    expect(Math.min(...zoe.map(({ timeMs }) => timeMs))).toBeGreaterThan(START_MS + 9.9 * DAY_MS)
    const before = requestsOf(days(-68, -66), { only: /^karl/ })
    expect(before.length).toBeGreaterThan(0)
  })
})

test('each story of the month is told once, at its time', () => {
  const attacks = shipped.contracts[0]?.attacks ?? []
  expect(attacks.length).toBeGreaterThanOrEqual(12)
  const day = 7
  const quiet = requestsOf([day])
  const told = requestsOf([day], { attacks: true })
  const ransom = told.filter(({ ip }) => ip === '114.114.114.114')
  expect(told.length - quiet.length).toBe(ransom.length)
  expect(ransom.length).toBe(10 + 6 + 2 + 10 + 3)
  const after = ransom.map(({ timeMs }) => timeMs - START_MS - day * DAY_MS)
  expect(Math.min(...after)).toBeGreaterThanOrEqual(130 * 60_000)
})
