// The commands about alerts, silences and routes, as a responder types them, on a real Redis.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { alertsCommand } from '../../src/cli/alerts.ts'
import { CommandError } from '../../src/cli/context.ts'
import { routesCommand } from '../../src/cli/routes.ts'
import { silencesCommand } from '../../src/cli/silences.ts'
import type { Alert } from '../../src/core/alert.ts'
import { createKeys } from '../../src/state/keys.ts'
import { openRedisStores, type Stores } from '../../src/state/redis.ts'
import { silentCli } from '../silent-cli.ts'
import { openTestRedis } from '../state/redis.ts'
import { sampleAlert } from '../state/sample.ts'

const NOW = Date.parse('2026-11-20T12:30:00Z')
const HOUR_MS = 3_600_000
const CONTRACT = '31720001'

const redis = openTestRedis()
afterAll(() => redis.close())

let root: string
let stores: Stores
let runs = 0

const CONFIG = {
  receivers: { out: { type: 'stdout' }, other: { type: 'stdout' } },
  route: {
    receivers: ['out'],
    routes: [
      {
        match: { rule: 'ionos-*', severity: '>=high' },
        receivers: ['other'],
        repeat: '4h',
        escalate: [{ after: '30m', receivers: ['out'] }],
      },
      { match: { group: { user: 'robot' } }, receivers: [] },
    ],
  },
}

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'tocsin-alerts-'))
  runs += 1
  const prefix = `${redis.prefix}-${runs}`
  writeFileSync(join(root, 'c.json'), JSON.stringify({ ...CONFIG, redis: { prefix } }))
  stores = openRedisStores(redis.redis, createKeys(prefix))
  await stores.contracts.add(CONTRACT)
  await stores.contracts.add('31720002')
  const why = {
    kind: 'all',
    verdict: true,
    children: [
      {
        kind: 'leaf',
        verdict: true,
        fact: 'operation',
        operator: 'equal',
        expected: '"delete"',
        found: '"delete"',
      },
    ],
  } as const
  await put({
    number: 1042,
    last: NOW - HOUR_MS,
    count: 12,
    title: 'mallory deleted 12 servers\u001b[31m',
    why,
  })
  await put({ number: 1043, severity: 'low', last: NOW - 30 * HOUR_MS, title: 'Odd hour' })
  await put({
    number: 1044,
    last: NOW - 2 * HOUR_MS,
    contract: '31720002',
    title: 'Over',
    state: 'resolved',
    resolution: 'manual',
  })
})

afterEach(() => rmSync(root, { recursive: true }))

async function put({ number = 1, contract = CONTRACT, ...changes }: Partial<Alert>): Promise<void> {
  const group = `g${number}`
  const alert = sampleAlert({ id: `${group}-${number}`, number, contract, first: 1, ...changes })
  await stores.actions.change(contract, {
    group,
    version: 0,
    alerts: [alert],
    trail: [],
    notifications: [],
  })
}

type Ending = { readonly out: string; readonly code: number; readonly message: string }

async function tocsin(...words: string[]): Promise<Ending> {
  let out = ''
  const cli = silentCli({
    stdout: { write: (text) => (out += text) },
    cwd: root,
    env: { REDIS_URL: redis.address, USER: 'anna' },
    clock: { now: () => NOW, sleep: async () => {} },
  })
  const program = new Command('tocsin').option('--config <file>').option('--json')
  for (const create of [alertsCommand, silencesCommand, routesCommand])
    program.addCommand(create(cli))
  const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)]
  for (const command of all(program)) command.exitOverride().configureOutput({ writeErr: () => {} })
  try {
    await program.parseAsync(['--config', join(root, 'c.json'), ...words], { from: 'user' })
    return { out, code: 0, message: '' }
  } catch (error) {
    const code = error instanceof CommandError ? error.exitCode : 2
    return { out, code, message: (error as Error).message }
  }
}

const json = async (...words: string[]) =>
  JSON.parse((await tocsin('--json', ...words)).out) as never

describe('alerts list', () => {
  it('shows what is not resolved, the latest first, without what a terminal would obey', async () => {
    const { out } = await tocsin('alerts', 'list')
    const lines = out.trimEnd().split('\n')
    expect(lines[0]).toMatch(/^ALERT +SEVERITY +STATE +COUNT +LAST +RULE +TITLE$/)
    expect(lines[1]).toMatch(
      /^A-1042 +high +open +12 +2026-11-20 11:30:00 +rule-one +mallory deleted 12 servers/,
    )
    expect(lines[2]).toMatch(/^A-1043 +low +open +1 /)
    expect(lines.length).toBe(3)
    expect(out).not.toContain('\u001b')
  })

  it.each([
    [
      ['--state', 'all'],
      [1042, 1044, 1043],
    ],
    [['--state', 'resolved'], [1044]],
    [['--severity', '>=high'], [1042]],
    [['--severity', 'low,medium'], [1043]],
    [
      ['--rule', 'rule-*'],
      [1042, 1043],
    ],
    [['--rule', 'other-*'], []],
    [['--q', 'MALLORY deleted'], [1042]],
    [['--q', 'a-1043'], [1043]],
    [['--from', '24h'], [1042]],
    [['--to', '24h'], [1043]],
    [['--limit', '1'], [1042]],
  ])('with %j', async (options, numbers) => {
    const { alerts } = (await json('alerts', 'list', ...options)) as { alerts: Alert[] }
    expect(alerts.map(({ number }) => number)).toEqual(numbers)
  })

  it.each([
    [['--state', 'opne'], /no such state/],
    [['--severity', 'hihg'], /--severity: found "hihg"/],
    [['--from', 'yesterday'], /--from yesterday: expected 2026-11-20/],
    [['--limit', '0'], /from 1 to 10000/],
  ])('refuses %j', async (options, message) => {
    const { code, message: found } = await tocsin('alerts', 'list', ...options)
    expect([code, found]).toEqual([2, expect.stringMatching(message)])
  })
})

describe('alerts ack, resolve and comment', () => {
  it('change the alert, and show says who did what', async () => {
    expect(await tocsin('alerts', 'ack', 'A-1042', '--comment', 'on it')).toMatchObject({
      out: 'A-1042 acknowledged (acknowledged)\n',
      code: 0,
    })
    await tocsin('alerts', 'comment', 'a-1042', 'the backup job', '--as', 'otto')
    await tocsin('alerts', 'resolve', '1042', '--reason', 'false-positive')
    const { out } = await tocsin('alerts', 'show', 'A-1042')
    expect(out).toMatch(/^A-1042 {2}HIGH {2}mallory deleted 12 servers/)
    expect(out).toMatch(/State +resolved: false-positive by anna, 2026-11-20 12:30:00/)
    expect(out).toMatch(/yes {2}all\n +yes {4}operation equal "delete": found "delete"/)
    expect(out).toMatch(/anna \(cli\) +acknowledge +open → acknowledged +on it/)
    expect(out).toMatch(/otto \(cli\) +comment +the backup job/)
    expect(out).toMatch(/anna \(cli\) +resolve: false-positive +acknowledged → resolved/)
    const { alert, trail } = (await json('alerts', 'show', 'A-1042')) as {
      alert: Alert
      trail: unknown[]
    }
    expect([alert.state, alert.revision, trail.length]).toEqual(['resolved', 3, 3])
  })

  it('refuse what is done already, and go on with the rest', async () => {
    await tocsin('alerts', 'ack', 'A-1042', '--as', 'otto')
    const { out, code, message } = await tocsin('alerts', 'ack', 'A-1042', 'A-9', 'A-1043')
    expect(out).toBe('A-1043 acknowledged (acknowledged)\n')
    expect(code).toBe(1)
    expect(message).toMatch(/A-1042 is acknowledged by otto, 2026-11-20T12:30:00.000Z already/)
    expect(message).toMatch(/there is no alert A-9/)
  })

  it.each([
    [['show', 'A-7'], 1, /there is no alert A-7/],
    [['resolve', 'A-1042', '--reason', 'bored'], 2, /no such reason/],
    [['comment', 'A-1042', ' '], 1, /the comment is empty/],
    [['ack'], 2, /missing required argument/],
  ])('%j ends with %d', async (words, code, message) => {
    const found = await tocsin('alerts', ...words)
    expect([found.code, found.message]).toEqual([code, expect.stringMatching(message)])
  })
})

describe('silences', () => {
  it('are previewed, added, listed and ended', async () => {
    const preview = await tocsin('silences', 'preview', 'user =~ ^mallory')
    expect(preview.out).toMatch(
      /A-1042[^]*A-1043[^]*2 open alerts and 3 of the last 7 days would be muted\n$/,
    )
    const added = await tocsin(
      'silences',
      'add',
      'severity = high',
      '--for',
      '2h',
      '--comment',
      'a drill',
    )
    const [, id = ''] =
      /^silence (\w+) until 2026-11-20 14:30:00 UTC: 1 open alert muted\n$/.exec(added.out) ?? []
    const list = await tocsin('silences', 'list')
    expect(list.out).toMatch(
      new RegExp(
        `${id} +active +2026-11-20 12:30:00 +2026-11-20 14:30:00 +anna +severity = high +a drill`,
      ),
    )
    expect((await tocsin('silences', 'expire', id)).out).toBe(`silence ${id} ended\n`)
    expect((await tocsin('silences', 'list')).out).toBe('no silences\n')
    const { silences } = (await json('silences', 'list', '--all')) as {
      silences: { state: string; expiredBy: string }[]
    }
    expect(silences).toMatchObject([{ id, state: 'expired', expiredBy: 'anna' }])
    expect(await tocsin('silences', 'expire', id)).toMatchObject({ code: 1 })
  })

  it.each([
    [['add', 'severity = high'], /give --for or --until/],
    [['add', 'severity = high', '--for', '2'], /expected a duration/],
    [['add', 'severity = hihg', '--for', '2h'], /did you mean "high"/],
    [['add', 'user', '--for', '2h'], /expected a matcher/],
    [['add', 'user = x', '--until', '2026-11-19'], /it is over already/],
    [['preview', 'user =~ ('], /RE2 can't read/],
  ])('%j is refused', async (words, message) => {
    const found = await tocsin('silences', ...words)
    expect([found.code, found.message]).toEqual([2, expect.stringMatching(message)])
  })
})

describe('routes test', () => {
  it('prints the way, whom it reaches, and what else happens', async () => {
    const { out, code } = await tocsin('routes', 'test', '--severity', 'high', '--rule', 'ionos-x')
    expect(code).toBe(0)
    expect(out).toBe(
      '/route/routes/0: other; reminds every 4h; escalates after 30m to out\n→ other\n',
    )
    const low = await tocsin('routes', 'test', '--severity', 'low', '--rule', 'ionos-x')
    expect(low.out).toBe('/route: out; no reminders\n→ out\n')
  })

  it('exits with 1 when no receiver is reached', async () => {
    const words = ['routes', 'test', '--severity', 'high', '--group', 'user=robot']
    expect(await tocsin(...words)).toMatchObject({
      code: 1,
      out: expect.stringContaining('→ no receiver'),
    })
    expect(await json(...words)).toMatchObject({ receivers: [], branches: [{ path: '/routes/1' }] })
  })

  it.each([
    [['--severity', '>=high'], /expected one severity/],
    [['--severity', 'x'], /found "x"/],
    [['--severity', 'high', '--rule', 'A B'], /no id of a rule/],
    [['--severity', 'high', '--group', 'user'], /expected name=value/],
    [[], /required option/],
  ])('refuses %j', async (words, message) => {
    const found = await tocsin('routes', 'test', ...words)
    expect([found.code, found.message]).toEqual([2, expect.stringMatching(message)])
  })
})
