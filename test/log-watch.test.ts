// Owns the proof that blindness, lag, gaps, ending tokens and faulty rules become alerts of the
// system, once each, and that these are over when the trouble is.
import { describe, expect, it } from 'vitest'
import { createRouter, defaultRoute } from '../src/core/route.ts'
import { SYSTEM_CONTRACT } from '../src/core/system-rule.ts'
import { createLogWatch } from '../src/log-watch.ts'
import { silentLog } from '../src/observe/log.ts'
import { createMetrics } from '../src/observe/metrics.ts'
import type { ContractStatus } from '../src/source/contract-reader.ts'
import { createMemoryAlertActionStore } from '../src/state/memory-alert-actions.ts'
import { createMemoryAlertState } from '../src/state/memory-alert-state.ts'
import { createMemoryAlertStore, createMemoryNumberStore } from '../src/state/memory-alerts.ts'
import { createMemoryReadStore } from '../src/state/memory-reads.ts'
import { createMemorySilenceStore } from '../src/state/memory-silences.ts'
import { createSystemAlerts } from '../src/system-alerts.ts'
import { createTeller } from '../src/teller.ts'
import { NO_FENCE, record, span } from './state/read-store.contract.ts'

const START = Date.parse('2026-11-20T12:00:00Z')
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const READING: ContractStatus = {
  state: 'reading',
  since: START - HOUR,
  begunAt: START - HOUR,
  liveFrom: 0,
  lastSuccess: START,
  lastError: undefined,
  mark: START,
  probe: undefined,
}

const REFUSED: Partial<ContractStatus> = {
  state: 'blind',
  lastError: {
    at: START,
    message: 'read contract 1: 401',
    reason: 'unauthorized',
    status: 401,
    hint: undefined,
  },
}

function open(contracts: readonly string[] = ['1']) {
  const alertState = createMemoryAlertState()
  const alerts = createMemoryAlertStore(alertState)
  const silences = createMemorySilenceStore()
  const reads = createMemoryReadStore()
  const world = {
    now: START,
    statuses: Object.fromEntries(contracts.map((contract) => [contract, READING])),
    expiresAt: undefined as number | undefined,
    rulesFault: undefined as string | undefined,
    storeDown: false,
  }
  const clock = { now: () => world.now, sleep: async () => {} }
  const watching = () =>
    createLogWatch({
      alerts: createSystemAlerts({
        actions: createMemoryAlertActionStore(alertState),
        numbers: createMemoryNumberStore(),
        contracts: { add: async () => {}, list: async () => [] },
        teller: createTeller({
          router: createRouter(defaultRoute(['slack'])),
          mutes: new Map(),
          maintenance: [],
          silences,
          isStateful: () => false,
        }),
        announce: () => {},
        metrics: createMetrics(),
        log: silentLog,
      }),
      marks: {
        gaps: async (contract, asked) => await reads.gaps(contract, asked),
        evaluated: async (contract) => {
          if (world.storeDown) throw new Error('Redis is away')
          return await reads.evaluated(contract)
        },
      },
      readers: () => world.statuses,
      tokenExpiresAt: () => world.expiresAt,
      rulesFault: () => world.rulesFault,
      clock,
      log: silentLog,
    })
  /** `rule severity state`, newest last. */
  const raised = async (contract = '1') =>
    [...(await alerts.latest(contract, 100))]
      .sort((left, right) => left.number - right.number)
      .map(({ rule, severity, state }) => `${rule.id} ${severity} ${state}`)
  const told = async (contract = '1') =>
    (await alerts.outbox(contract, 100)).map(({ notification }) => notification.reason)
  const set = (contract: string, changes: Partial<ContractStatus>) => {
    world.statuses = { ...world.statuses, [contract]: { ...READING, ...changes } }
  }
  return { world, reads, watching, raised, told, set }
}

describe('the watch', () => {
  it('says nothing while all is well', async () => {
    const { watching, raised, reads } = open()
    await reads.finishWindow('1', record(span(0, START)), NO_FENCE)
    await watching().look()
    expect([await raised(), await raised(SYSTEM_CONTRACT)]).toEqual([[], []])
  })

  it('tells once of a refused token, and that it is over', async () => {
    const { watching, raised, told, set, world } = open()
    const watch = watching()
    await watch.look()
    set('1', REFUSED)
    await watch.look()
    world.now += 30_000
    await watch.look()
    expect(await raised()).toEqual(['tocsin-blind critical open'])
    expect(await told()).toEqual(['first'])
    set('1', {})
    await watch.look()
    expect(await raised()).toEqual(['tocsin-blind critical resolved'])
  })

  it('ends what an earlier process left open', async () => {
    const { watching, raised, set } = open()
    set('1', REFUSED)
    await watching().look()
    set('1', {})
    await watching().look()
    expect(await raised()).toEqual(['tocsin-blind critical resolved'])
  })

  it('makes one alert of it when all contracts are blind', async () => {
    const contracts = Array.from({ length: 30 }, (_, at) => `${at}`)
    const { watching, raised, set } = open(contracts)
    for (const contract of contracts) set(contract, REFUSED)
    await watching().look()
    expect(await raised(SYSTEM_CONTRACT)).toEqual(['tocsin-blind critical open'])
    expect(await raised('7')).toEqual([])
  })

  it('tells of evaluation that lags, and when it caught up', async () => {
    const { watching, raised, reads } = open()
    const watch = watching()
    await reads.finishWindow('1', record(span(0, START - 6 * MINUTE)), NO_FENCE)
    await watch.look()
    expect(await raised()).toEqual(['tocsin-lagging high open'])
    await reads.finishWindow('1', record(span(0, START)), NO_FENCE)
    await watch.look()
    expect(await raised()).toEqual(['tocsin-lagging high resolved'])
  })

  it('tells of a gap after an hour, until a sweep closed it', async () => {
    const { watching, raised, reads, world, set } = open()
    const watch = watching()
    const second = span(START - MINUTE, START - MINUTE + 1_000)
    await reads.finishWindow('1', record(second, { proven: false, at: START }), NO_FENCE)
    await reads.finishWindow('1', record(span(START, START + 2 * HOUR)), NO_FENCE)
    await watch.look()
    expect(await raised()).toEqual([])
    world.now = START + HOUR + 1
    set('1', { lastSuccess: world.now })
    await watch.look()
    expect(await raised()).toEqual(['tocsin-gap high open'])
    await reads.prove('1', span(START - HOUR, START), world.now, NO_FENCE)
    await watch.look()
    expect(await raised()).toEqual(['tocsin-gap high resolved'])
  })

  it('leaves the alert of a gap open that was given up', async () => {
    const { watching, raised, reads, world, set } = open()
    const watch = watching()
    const second = span(START - MINUTE, START - MINUTE + 1_000)
    await reads.finishWindow('1', record(second, { proven: false, at: START }), NO_FENCE)
    await reads.finishWindow('1', record(span(START, START + 2 * HOUR)), NO_FENCE)
    world.now = START + HOUR + 1
    set('1', { lastSuccess: world.now })
    await watch.look()
    await reads.giveUp('1', [second])
    await watch.look()
    await watching().look()
    expect(await raised()).toEqual(['tocsin-gap high open'])
  })

  it('tells 14, 3 and 1 days before the token ends, each time more urgently', async () => {
    const { watching, raised, told, world } = open()
    const watch = watching()
    world.expiresAt = START + 20 * DAY
    const severities: string[] = []
    for (let day = 0; day < 20; day += 1) {
      world.now = START + day * DAY
      world.statuses = { '1': { ...READING, lastSuccess: world.now } }
      await watch.look()
      severities.push((await raised(SYSTEM_CONTRACT))[0] ?? '-')
    }
    expect(severities.indexOf('tocsin-token-expiring medium open')).toBe(6)
    expect(severities.indexOf('tocsin-token-expiring high open')).toBe(17)
    expect(severities.indexOf('tocsin-token-expiring critical open')).toBe(19)
    // A repeat is due each day for what is high and nobody acknowledged.
    const reasons = (await told(SYSTEM_CONTRACT)).filter((reason) => reason !== 'repeat')
    expect(reasons).toEqual(['first', 'severity', 'severity'])
    world.expiresAt = world.now + 300 * DAY
    await watch.look()
    expect(await raised(SYSTEM_CONTRACT)).toEqual(['tocsin-token-expiring critical resolved'])
  })

  it('tells of rules that were left out, until they are mended', async () => {
    const { watching, raised, world } = open()
    const watch = watching()
    world.rulesFault = 'rules with errors are left out: rules/a.json'
    await watch.look()
    expect(await raised(SYSTEM_CONTRACT)).toEqual(['tocsin-rules-invalid high open'])
    world.rulesFault = undefined
    await watch.look()
    expect(await raised(SYSTEM_CONTRACT)).toEqual(['tocsin-rules-invalid high resolved'])
  })

  it('says nothing of a contract that another process reads', async () => {
    const { watching, raised, set } = open()
    set('1', { ...REFUSED, state: 'standby' })
    await watching().look()
    expect(await raised()).toEqual([])
  })

  it('goes on when the store is away, and tells when it is back', async () => {
    const { watching, raised, set, world } = open()
    const watch = watching()
    world.storeDown = true
    set('1', REFUSED)
    await watch.look()
    expect(await raised()).toEqual([])
    world.storeDown = false
    await watch.look()
    expect(await raised()).toEqual(['tocsin-blind critical open'])
  })
})
