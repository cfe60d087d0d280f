// Owns the whole service as acceptance tests use it: simulated API, real Redis, a Slack and a mail
// server that behave like the real ones, all on this machine.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import { type App, type Role, ROLES, startApp } from '../../src/app.ts'
import { systemClock } from '../../src/clock.ts'
import { type Config, parseConfig } from '../../src/config.ts'
import { type Log, silentLog } from '../../src/observe/log.ts'
import { createSimulator, type Simulator } from '../../src/simulator/simulator.ts'
import { parseScenario } from '../../src/simulator/scenario-file.ts'
import { createMailServer, type MailServer } from '../notify/smtp-server.ts'
import { createSlackServer, type SlackServer } from '../notify/slack-server.ts'
import { openTestRedis, type TestRedis } from '../state/redis.ts'

export const CONTRACT = '31720001'

/** The longest any of these tests waits for something to happen. */
const WAIT_MS_MAX = 60_000

export type TestService = {
  readonly simulator: Simulator
  readonly slack: SlackServer
  readonly mail: MailServer
  readonly redis: TestRedis
  /** The text of every message Slack accepted, one string each. */
  messages(): readonly string[]
  start(options?: {
    readonly roles?: readonly Role[]
    readonly receivers?: unknown
    /** The `http` of the configuration; any free port where it says nothing. */
    readonly http?: unknown
    /** Who says nothing otherwise. */
    readonly log?: Log
  }): Promise<App>
  /** Resolves when the check passes; rejects with its last failure. */
  until(check: () => void | Promise<void>): Promise<void>
  close(): Promise<void>
}

const DEFAULT_RULES = {
  'user-created': {
    id: 'user-created',
    title: 'User created',
    severity: 'high',
    conditions: { all: [{ fact: 'actions', operator: 'contains', value: 'sec.user.create' }] },
    alert: { title: '{{ user }} created a user', groupBy: ['user'] },
  },
}

export async function openTestService(
  rules: Readonly<Record<string, unknown>> = DEFAULT_RULES,
  options: {
    readonly redisUrl?: string
    /** Instead of one in whose company nothing happens. */
    readonly simulator?: Simulator
    /** More of the configuration, beside and instead of what is usual here. */
    readonly config?: {
      readonly ionos?: object
      readonly detection?: object
      /** Beside the address, such as `caFile`. */
      readonly redis?: object
    }
  } = {},
): Promise<TestService> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-rules-'))
  mkdirSync(join(folder, 'rules'))
  for (const [id, rule] of Object.entries(rules)) {
    writeFileSync(join(folder, 'rules', `${id}.json`), JSON.stringify(rule))
  }
  const redis = openTestRedis()
  const [simulator, slack, mail] = await Promise.all([
    options.simulator ?? openSimulator(),
    createSlackServer(),
    createMailServer(),
  ])
  const apiUrl = await simulator.start()
  const running = new Set<App>()

  const configFor = (receivers: unknown, http: unknown = { port: 0 }): Config => {
    const { config, problems } = parseConfig(
      {
        ...options.config,
        ionos: {
          apiUrl,
          token: simulator.token,
          interval: '1s',
          requestsPerMinuteMax: 6_000,
          ...options.config?.ionos,
        },
        rules: [join(folder, 'rules')],
        http,
        redis: {
          url: options.redisUrl ?? redis.address,
          prefix: redis.prefix,
          ...options.config?.redis,
        },
        receivers: receivers ?? {
          slack: { type: 'slack', url: slack.url, pace: '0', budget: 'off' },
          email: {
            type: 'email',
            smtp: `smtp://127.0.0.1:${mail.port}`,
            from: 'tocsin@example.com',
            to: ['soc@example.com'],
            budget: 'off',
          },
        },
      },
      {},
    )
    if (config === undefined) throw new Error(JSON.stringify(problems))
    return { ...config, ionos: { ...config.ionos, intervalMs: 100 } }
  }

  return {
    simulator,
    slack,
    mail,
    redis,
    messages: () =>
      slack.requests
        .filter((request) => request.answer.startsWith('200'))
        .map((request) => JSON.stringify(request.payload)),
    async start({ roles = ROLES, receivers, http, log = silentLog } = {}) {
      const app = await startApp({
        config: configFor(receivers, http),
        roles: new Set(roles),
        clock: systemClock,
        log,
        output: { write: () => {}, colour: false },
        signal: new AbortController().signal,
        random: () => 0,
      })
      running.add(app)
      return { ...app, stop: () => app.stop().finally(() => running.delete(app)) }
    },
    until: (check) => vi.waitFor(check, { timeout: WAIT_MS_MAX, interval: 20 }),
    async close() {
      for (const app of running) await app.stop()
      await Promise.all([simulator.stop(), slack.close(), mail.close(), redis.close()])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A company where nothing happens but what the test puts in. */
async function openSimulator(): Promise<Simulator> {
  const text = JSON.stringify({
    name: 'Quiet',
    contracts: [{ number: CONTRACT, users: [], attacks: [] }],
  })
  const { scenario, problems } = parseScenario(text, 'test')
  if (scenario === undefined) throw new Error(JSON.stringify(problems))
  return createSimulator({ scenario, seed: 'test', clock: systemClock, log: silentLog })
}

/** An entry as the API documents it: somebody creates a user, a few seconds ago. */
export function userCreated(
  user: string,
  changes: { id?: string; agoMs?: number; ip?: string } = {},
) {
  const time = new Date(systemClock.now() - (changes.agoMs ?? 5_000)).toISOString()
  return {
    '@uuid': changes.id ?? `uuid-of-${user}-${time}`,
    meta: { auditVersion: '0.1', time },
    principal: {
      sourceIP: changes.ip ?? '203.0.113.42',
      identity: { contractNumber: CONTRACT, username: user },
      sourceService: 'DCD',
    },
    event: {
      type: 'RequestAccepted',
      param: {},
      resources: [{ action: ['sec.user.create'], id: '1466', type: 'user' }],
    },
  }
}
