// Owns the short notation of the oracle's tables: events and alerts as one line of text each.
import type { Event } from '../../src/core/event.ts'
import type { OracleDetect } from './detections.ts'
import { eventAt } from './event-at.ts'
import { oracle, type OracleAlert, type OracleInput } from './oracle.ts'

/** What a word behind the time stands for. */
const WORDS: Readonly<Record<string, Partial<Event>>> = {
  a: { resource: 'a' },
  b: { resource: 'b' },
  c: { resource: 'c' },
  DE: { country: 'DE' },
  FR: { country: 'FR' },
  US: { country: 'US' },
  'DE/DCD': { country: 'DE', service: 'DCD' },
  'DE/API': { country: 'DE', service: 'API' },
  berlin: { latitude: 52.52, longitude: 13.405 },
  frankfurt: { latitude: 50.11, longitude: 8.68 },
  paris: { latitude: 48.86, longitude: 2.35 },
  newYork: { latitude: 40.71, longitude: -74.01 },
  fiji: { latitude: -17.7, longitude: 178 },
  samoa: { latitude: -13.8, longitude: -172.1 },
  halfAPlace: { latitude: 1 },
}

const TOKEN = /^(-?[\d.]+)(h?)(?::([\w/]+))?(?:@([\w-]+))?(?:#(\d+))?$/

export const ms = (second: number) => Math.round(second * 1_000)

/**
 * Events of `0 1.5:DE 2h:berlin@bob#2`: seconds (or hours), a word, the user (`-`: none; not said:
 * ann), the contract (not said: 1). Ids fall while the line goes on, so that the order of ids is
 * mostly not that of times.
 */
export function eventsOf(line: string): readonly Event[] {
  const tokens = line.split(' ').filter((token) => token !== '')
  return tokens.map((token, index) => {
    const match = TOKEN.exec(token)
    if (match === null) throw new Error(`no event: ${token}`)
    const [, time, hours, word, user = 'ann', contract = '1'] = match
    const facts = word === undefined ? {} : WORDS[word]
    if (facts === undefined) throw new Error(`no word: ${token}`)
    const timeMs = ms(Number(time) * (hours === 'h' ? 3_600 : 1))
    const who = user === '-' ? undefined : user
    return eventAt(`id-${99 - index}`, timeMs, { ...facts, user: who, contract })
  })
}

export type Setup = Partial<Omit<OracleInput, 'alert'>> & {
  readonly alert?: Partial<OracleInput['alert']>
}

/** A line with nothing in the way: far mark, no gaps, no cuts, quiet of 1 s. */
export function inputOf(
  detect: OracleDetect | undefined,
  line: string,
  setup: Setup = {},
): OracleInput {
  const groupBy = detect?.groupBy ?? ['user']
  return {
    detect,
    conditions: () => true,
    steps: [],
    events: eventsOf(line),
    mark: ms(1_000_000),
    settleMs: 0,
    gaps: [],
    cuts: [],
    ...setup,
    alert: { groupBy, quietMs: 1_000, severity: 'low', severitySteps: [], ...setup.alert },
  }
}

export function judge(...given: Parameters<typeof inputOf>): readonly OracleAlert[] {
  return oracle(inputOf(...given))
}

/** `0–10 ×3, 20–20 ×1` in seconds; '' for nothing. */
export function shown(alerts: readonly OracleAlert[]): string {
  const texts = alerts.map(({ first, last, count }) => `${first / 1_000}–${last / 1_000} ×${count}`)
  return texts.join(', ')
}

export type Case = readonly [sentence: string, line: string, alerts: string, setup?: Setup]
