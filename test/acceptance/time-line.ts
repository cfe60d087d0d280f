// Owns the time-line in which tests of telling people are written: what happens when, who wants to be
// told what between when. Real stores on a real Redis, a clock that jumps, and a process that may die.
import { expect } from 'vitest'
import { createSayAhead } from '../../src/ahead-alert.ts'
import type { AlertAction } from '../../src/core/alert-action.ts'
import { createCalendar } from '../../src/core/calendar.ts'
import { type Config, parseConfig } from '../../src/config.ts'
import type { Reason } from '../../src/core/alert.ts'
import { parseDuration } from '../../src/core/duration.ts'
import type { Event } from '../../src/core/event.ts'
import { parseMatchers } from '../../src/core/alert-matcher.ts'
import { silentLog } from '../../src/observe/log.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import { openTelling, type Telling } from '../../src/open-telling.ts'
import { createPipeline, type Pipeline } from '../../src/pipeline.ts'
import { createKeys } from '../../src/state/keys.ts'
import { openRedisStores, type Stores } from '../../src/state/redis.ts'
import { createExplain } from '../../src/why.ts'
import { ruleSetOf } from '../backtest/replay.ts'
import { eventAt } from '../oracle/event-at.ts'
import type { TestRedis } from '../state/redis.ts'
import { Crash, dying } from './dying.ts'
import { NO_FENCE, record } from '../state/read-store.contract.ts'

export const CONTRACT = '31720001'

const MINUTE_MS = 60_000

export type Setting = {
  readonly redis: TestRedis
  readonly rules: readonly { readonly id: string }[]
  /** Names of receivers; those in `stateful` keep a state of each alert. */
  readonly receivers: readonly string[]
  readonly stateful?: readonly string[]
  readonly route?: unknown
  readonly maintenance?: unknown
  readonly schedules?: unknown
  /** The wall clock at 0s. */
  readonly start?: string
  /** What is older is history. */
  readonly liveFrom?: string
  /** Between two looks at what time brings. */
  readonly tick?: string
  /** How long the line is. */
  readonly until: string
}

/** Somebody was told: how long after the start, by which receiver, why. */
export type Told = {
  readonly atMs: number
  readonly receiver: string
  readonly reason: Reason
  readonly rule: string
  readonly alert: number
}

export type Process = {
  readonly stores: Stores
  readonly telling: Telling
  readonly pipeline: Pipeline
}

type Step = { readonly atMs: number; readonly run: (process: Process) => Promise<unknown> }

type Want = {
  readonly receiver: string
  readonly from: number
  readonly to: number
  readonly reason: Reason
  readonly times: number
}

export type TimeLine = {
  at(when: string): Moment
  want(receiver: string): {
    /** It is told for this reason, so many times (once), between two moments, both included. */
    between(from: string, to: string, reason: Reason, times?: number): void
  }
  /**
   * Lets it happen, and fails with a report unless everybody was told what they want and nothing
   * else. With `dieAt` the process dies at that write to Redis: before it when even, after it when
   * odd. Returns what was told, and how many writes there were.
   */
  run(options?: { dieAt?: number; restarts?: boolean }): Promise<Outcome>
}

export type Outcome = { readonly told: readonly Told[]; readonly writes: number }

type Moment = {
  /** Matching events of mallory, of this moment. */
  push(facts: Partial<Event>, count?: number): Moment
  /** One that arrives now and is older. */
  pushLate(facts: Partial<Event>, ago: string): Moment
  /** One of a clock that is ahead. */
  pushAhead(facts: Partial<Event>, by: string): Moment
  act(action: AlertAction, rule?: string, by?: string): Moment
  silence(matchers: readonly string[], forHow: string, id?: string): Moment
  expire(id: string): Moment
  /** Anything else. */
  also(run: (process: Process, nowMs: number) => Promise<unknown>): Moment
}

/** `1d 2h 30m` in ms. */
export function span(text: string): number {
  if (text === '0s') return 0
  return text.split(' ').reduce((sum, part) => {
    const ms = parseDuration(part)
    if (ms === undefined) throw new Error(`no duration: ${part}`)
    return sum + ms
  }, 0)
}

let lines = 0

export function timeLine(setting: Setting): TimeLine {
  const startMs = Date.parse(setting.start ?? '2026-11-20T08:00:00Z')
  const steps: Step[] = []
  const wants: Want[] = []
  let events = 0

  const at = (when: string): Moment => {
    const atMs = span(when)
    const add = (run: Step['run']): Moment => {
      steps.push({ atMs, run })
      return moment
    }
    const push = (facts: Partial<Event>, count: number, agoMs: number): Moment => {
      const readAt = startMs + atMs
      const batch = Array.from({ length: count }, () => {
        events += 1
        const known = { user: 'mallory', contract: CONTRACT, ...facts }
        return eventAt(`e${events}`, readAt - agoMs, known)
      })
      return add(({ pipeline }) => pipeline.evaluateEvents({ contract: CONTRACT, readAt }, batch))
    }
    const moment: Moment = {
      push: (facts, count = 1) => push(facts, count, 0),
      pushLate: (facts, ago) => push(facts, 1, span(ago)),
      pushAhead: (facts, by) => push(facts, 1, -span(by)),
      act: (action, rule, by = 'anna') =>
        add(async ({ stores, telling }) => {
          const alerts = await stores.alerts.latest(CONTRACT, 100)
          const found = alerts.find((alert) => rule === undefined || alert.rule.id === rule)
          if (found === undefined) throw new Error(`no alert of ${rule} at ${when}`)
          const { contract, id } = found
          await telling.actions.act({ contract, id, action, actor: { by, from: 'cli' } })
        }),
      silence: (texts, forHow, id = 's1') =>
        add(({ stores }) => {
          const matchers = parseMatchers(texts, '', (problem) => expect(problem).toBeUndefined())
          const now = startMs + atMs
          const silence = {
            id,
            matchers: matchers ?? [],
            startsAt: now,
            endsAt: now + span(forHow),
          }
          const rest = { author: 'anna', comment: '', createdAt: now, from: 'cli' } as const
          return stores.silences.add({ ...silence, ...rest }, now)
        }),
      expire: (id) =>
        add(({ telling }) => telling.silences.expire(id, { by: 'anna', from: 'cli' })),
      also: (run) => add((process) => run(process, startMs + atMs)),
    }
    return moment
  }

  return {
    at,
    want: (receiver) => ({
      between(from, to, reason, times = 1) {
        wants.push({ receiver, from: span(from), to: span(to), reason, times })
      },
    }),
    async run(options = {}) {
      const sorted = [...steps].sort((a, b) => a.atMs - b.atMs)
      const outcome = await play(setting, sorted, { startMs, ...options })
      expect(reportOf(wants, outcome.told)).toEqual(wants.map((want) => `✓ ${wantText(want)}`))
      return outcome
    },
  }
}

function configOf(setting: Setting): Config {
  const { receivers, stateful = [], route, maintenance, schedules } = setting
  const { config, problems } = parseConfig(
    {
      timezone: 'Europe/Berlin',
      receivers: Object.fromEntries(receivers.map((name) => [name, { type: 'stdout' }])),
      ...(route !== undefined && { route }),
      ...(maintenance !== undefined && { maintenance }),
      ...(schedules !== undefined && { schedules }),
    },
    {},
  )
  if (config === undefined) throw new Error(JSON.stringify(problems))
  const named = config.receivers.map((one) => ({ ...one, stateful: stateful.includes(one.name) }))
  return { ...config, receivers: named }
}

type Play = { readonly startMs: number; readonly dieAt?: number; readonly restarts?: boolean }

async function play(setting: Setting, steps: readonly Step[], options: Play): Promise<Outcome> {
  const { startMs, dieAt, restarts = false } = options
  const config = configOf(setting)
  const tickMs = span(setting.tick ?? '1m')
  const endMs = startMs + span(setting.until)
  lines += 1
  const keys = createKeys(`${setting.redis.prefix}-line${lines}`)
  const count = { writes: 0 }
  let nowMs = startMs
  const live = () => openProcess(setting, config, { keys, count, dieAt, now: () => nowMs })
  let process = live()
  /** As a queue, a loop or a person does: what died is done again, by another process. */
  const untilDone = async (job: (alive: Process) => Promise<unknown>) => {
    if (restarts) process = live()
    for (;;) {
      try {
        await job(process)
        return
      } catch (error) {
        if (!(error instanceof Crash)) throw error
        process = live()
      }
    }
  }
  const told = new Map<string, Told>()
  const waiting = [...steps]
  await process.stores.contracts.add(CONTRACT)
  for (let tickAt = startMs; tickAt <= endMs; tickAt += tickMs) {
    for (let step = waiting[0]; step && startMs + step.atMs <= tickAt; step = waiting[0]) {
      const { run, atMs } = step
      nowMs = startMs + atMs
      await untilDone(run)
      await collect(process, told, nowMs - startMs)
      waiting.shift()
    }
    nowMs = tickAt
    await process.stores.reads.finishWindow(
      CONTRACT,
      record({ from: startMs, to: nowMs }),
      NO_FENCE,
    )
    await untilDone(({ pipeline }) => pipeline.advance(CONTRACT))
    await untilDone(({ telling }) => telling.nudges.look())
    await collect(process, told, nowMs - startMs)
  }
  return { told: [...told.values()], writes: count.writes }
}

type Life = {
  readonly keys: ReturnType<typeof createKeys>
  readonly count: { writes: number }
  readonly dieAt: number | undefined
  readonly now: () => number
}

function openProcess(setting: Setting, config: Config, life: Life): Process {
  const stores = dying(openRedisStores(setting.redis.redis, life.keys), life.count, life.dieAt)
  const clock = { now: life.now, sleep: async () => {} }
  const metrics = createMetrics()
  const announce = () => {}
  const telling = openTelling({ config, stores, announce, clock, metrics, log: silentLog })
  const ruleSet = ruleSetOf(setting.rules)
  const rules = { ruleSet, explain: createExplain(ruleSet) }
  const pipeline = createPipeline({
    ...stores,
    rules: () => rules,
    calendar: createCalendar(config.timezone),
    teller: telling.teller,
    detection: {
      ...config.detection,
      liveFrom: async () =>
        setting.liveFrom === undefined ? undefined : Date.parse(setting.liveFrom),
    },
    announce,
    sayAhead: createSayAhead({ alerts: telling.system, clock }),
    clock,
    metrics,
    log: silentLog,
  })
  return { stores, telling, pipeline }
}

/** Takes what was decided from the outbox, as the receivers' queues do; nothing may come twice. */
async function collect({ stores }: Process, told: Map<string, Told>, atMs: number): Promise<void> {
  for (const contract of await stores.contracts.list()) {
    const items = await stores.alerts.outbox(contract, 1_000)
    for (const { notification } of items) {
      const { id, receiver, reason, alert } = notification
      if (told.has(id)) throw new Error(`${id} was told twice`)
      told.set(id, { atMs, receiver, reason, rule: alert.rule.id, alert: alert.number })
    }
    await stores.alerts.clearOutbox(
      contract,
      items.map((item) => item.place),
    )
  }
}

/** A line for each want, and one for everything that nobody wanted. */
function reportOf(wants: readonly Want[], told: readonly Told[]): readonly string[] {
  const left = [...told]
  const lines = wants.map((want) => {
    let found = 0
    for (const one of [...left]) {
      if (found === want.times || !isWanted(one, want)) continue
      left.splice(left.indexOf(one), 1)
      found += 1
    }
    return found === want.times ? `✓ ${wantText(want)}` : `✗ ${wantText(want)}: ${found} came`
  })
  const more = left.map(
    ({ receiver, reason, atMs }) =>
      `✗ nobody wanted: ${receiver} ${reason} at ${atMs / MINUTE_MS}m`,
  )
  return [...lines, ...more]
}

function isWanted(told: Told, { receiver, reason, from, to }: Want): boolean {
  return (
    told.receiver === receiver && told.reason === reason && told.atMs >= from && told.atMs <= to
  )
}

function wantText({ receiver, reason, from, to, times }: Want): string {
  const count = times === 1 ? '' : ` × ${times}`
  return `${receiver} ${reason}${count} between ${from / MINUTE_MS}m and ${to / MINUTE_MS}m`
}
