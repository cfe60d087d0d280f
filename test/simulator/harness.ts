// Owns what the simulator's tests share: a clock they turn by hand, a running simulator, requests to it.
import { readFileSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import type { Clock } from '../../src/core/clock.ts'
import { isObject } from '../../src/core/shape.ts'
import { silentLog } from '../../src/observe/log.ts'
import type { Scenario } from '../../src/simulator/scenario.ts'
import { parseScenario } from '../../src/simulator/scenario-file.ts'
import { createSimulator, TOKEN_DEFAULT } from '../../src/simulator/simulator.ts'
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.ts'

export const START_MS = Date.parse('2026-11-20T10:00:00Z')
export const CONTRACT = '31720001'

export type HandClock = Clock & { nowMs: number; readonly slept: number[] }

/** Stands still until a test moves it; sleeping takes no time and is written down. */
export function handClock(nowMs = START_MS): HandClock {
  const slept: number[] = []
  const clock: HandClock = {
    nowMs,
    slept,
    now: () => clock.nowMs,
    sleep: (ms) => {
      slept.push(ms)
      return Promise.resolve()
    },
  }
  return clock
}

export function readShipped(name: string): Scenario {
  const path = new URL(`../../scenarios/${name}.json`, import.meta.url)
  const { scenario, problems } = parseScenario(readFileSync(path, 'utf8'), `${name}.json`)
  if (scenario === undefined) throw new Error(JSON.stringify(problems))
  return scenario
}

export type Reply = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: unknown
}

export type Running = {
  readonly simulator: Simulator
  readonly clock: HandClock
  readonly url: string
  readonly get: (path: string, headers?: Readonly<Record<string, string>>) => Promise<Reply>
  /** A page of `CONTRACT`, which must be answered with 200. */
  readonly page: (query: string) => Promise<Page>
}

export type Page = { readonly total: number; readonly hits: readonly unknown[] }

/** A simulator on a free port that stops with the test. */
export async function run(
  options: Partial<Omit<SimulatorOptions, 'clock'>> & { scenario: Scenario },
): Promise<Running> {
  const clock = handClock()
  const simulator = await createSimulator({ seed: 1, clock, log: silentLog, ...options })
  const url = await simulator.start()
  onTestFinished(() => simulator.stop())
  const bearer = { authorization: `Bearer ${TOKEN_DEFAULT}` }

  async function get(path: string, headers: Readonly<Record<string, string>> = bearer) {
    const response = await fetch(`${url}/activitylog/v1${path}`, { headers })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
    const json: unknown = isJson ? JSON.parse(text) : undefined
    return { status: response.status, headers: response.headers, text, json }
  }

  return {
    simulator,
    clock,
    url,
    get,
    async page(query) {
      const { status, json, text } = await get(`/contracts/${CONTRACT}?${query}`)
      const hits = isObject(json) ? json['hits'] : undefined
      if (status !== 200 || !isObject(hits)) throw new Error(`${status}: ${text}`)
      const { total, hits: list } = hits
      if (typeof total !== 'number' || !Array.isArray(list)) throw new Error(text)
      return { total, hits: list }
    },
  }
}

/** What stands under `_source` of hits that are entries. */
export function sourcesOf(hits: readonly unknown[]): readonly unknown[] {
  return hits.map((hit) => (isObject(hit) ? hit['_source'] : undefined))
}

/** The same entries in an order that doesn't depend on how they were read. */
export function sorted(entries: readonly unknown[]): readonly string[] {
  return entries.map((entry) => JSON.stringify(entry)).sort()
}

/** An entry as small as they come; `minute` is counted from `START_MS`, mostly negative. */
export function smallEntry(id: string, minute: number): { readonly [key: string]: unknown } {
  const time = new Date(START_MS + minute * 60_000).toISOString()
  return { '@uuid': id, meta: { time }, event: { type: 'RequestAccepted' } }
}

export function isoSecond(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}
