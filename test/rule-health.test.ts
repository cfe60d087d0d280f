// Owns the proof that rule health is told once a week by one process of all, whatever dies in between,
// and of `rules promote`: on a real Redis, as an alert and as a mail.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rulesCommand } from '../src/cli/rules.ts'
import { createRouter, defaultRoute } from '../src/core/route.ts'
import type { Alert } from '../src/core/alert.ts'
import { SYSTEM_CONTRACT } from '../src/core/system-rule.ts'
import { renderMail } from '../src/notify/email-body.ts'
import { createMessage } from '../src/notify/message.ts'
import { createTimeText } from '../src/notify/time-text.ts'
import { silentLog } from '../src/observe/log.ts'
import { createMetrics } from '../src/observe/metrics.ts'
import { createRuleHealth } from '../src/rule-health.ts'
import { loadRuleSet, type RuleSet } from '../src/ruleset.ts'
import { openRedisStores } from '../src/state/redis.ts'
import { createSystemAlerts } from '../src/system-alerts.ts'
import { createTeller } from '../src/teller.ts'
import { silentCli } from './silent-cli.ts'
import { openTestRedis } from './state/redis.ts'
import { sampleAlert } from './state/sample.ts'

const DAY = 86_400_000
/** A Wednesday. */
const START = Date.parse('2026-11-04T12:00:00Z')
const CONTRACT = '31720001'

const test = openTestRedis()
const stores = openRedisStores(test.redis, test.keys)
const world = { now: START }
const clock = { now: () => world.now, sleep: async () => {} }
let root: string
let ruleSet: RuleSet

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'tocsin-health-'))
  mkdirSync(join(root, 'rules'))
  const conditions = { all: [{ fact: 'operation', operator: 'equal', value: 'delete' }] }
  const rules = { quiet: 'staged', right: 'staged', doubted: 'staged', usual: 'active' }
  for (const [id, status] of Object.entries(rules)) {
    const rule = { id, title: `The ${id} one`, severity: 'low', status, conditions }
    writeFileSync(join(root, 'rules', `${id}.json`), JSON.stringify(rule))
  }
  writeFileSync(join(root, 'tocsin.json'), JSON.stringify({ redis: { prefix: test.prefix } }))
  const loaded = await loadRuleSet({ folders: [join(root, 'rules')], schedules: new Map() })
  ruleSet = loaded.ruleSet
  await stores.contracts.add(CONTRACT)
})
afterAll(async () => {
  rmSync(root, { recursive: true })
  await test.close()
})

let alerts = 0
async function addAlert(rule: string, changes: Partial<Alert>): Promise<void> {
  alerts += 1
  const key = `g${alerts}`
  const made = sampleAlert({
    id: `${key}-${alerts}`,
    number: 1_000 + alerts,
    rule: { id: rule, title: rule, tags: [], references: [], falsePositives: [] },
    first: world.now - DAY,
    last: world.now - DAY,
    ...changes,
  })
  const commit = { key, version: 0, at: 0, events: [], alerts: [made], notifications: [] }
  expect(await stores.alerts.commit(CONTRACT, [commit])).toEqual(['committed'])
}

function process(owner: string) {
  const system = createSystemAlerts({
    ...stores,
    teller: createTeller({
      router: createRouter(defaultRoute(['mail'])),
      mutes: new Map(),
      maintenance: [],
      silences: stores.silences,
      isStateful: () => false,
    }),
    announce: () => {},
    metrics: createMetrics(),
    log: silentLog,
  })
  const looking = { rules: () => ruleSet.all, alerts: system, clock, log: silentLog, owner }
  return createRuleHealth({ ...stores, ...looking })
}

const told = async () =>
  (await stores.alerts.outbox(SYSTEM_CONTRACT, 100)).map(({ notification }) => notification)

async function tocsin(line: string): Promise<string> {
  let out = ''
  const cli = silentCli({
    stdout: { write: (text) => (out += text) },
    cwd: root,
    env: { REDIS_URL: test.address },
    clock,
  })
  const program = new Command('tocsin')
    .option('--config <file>')
    .option('--json')
    .addCommand(rulesCommand(cli))
  await program.parseAsync(['--config', join(root, 'tocsin.json'), ...line.split(' ')], {
    from: 'user',
  })
  return out
}

describe('rule health', () => {
  it('the first week is only looked at', async () => {
    await process('a').look()
    expect(await told()).toEqual([])
    expect([...(await stores.staged.since()).keys()].sort()).toEqual(['doubted', 'quiet', 'right'])
    expect(await tocsin('rules promote')).toBe(
      '0 of 3 staged rules ready, by the last 14 days; --all shows why\n',
    )
  })

  it('then it is told on Monday, once, by whichever process looks, even after a crash', async () => {
    world.now = START + 15 * DAY
    await addAlert('right', { state: 'resolved', resolution: 'manual' })
    await addAlert('doubted', { state: 'resolved', resolution: 'false-positive' })
    for (let index = 0; index < 11; index += 1) await addAlert('usual', {})
    await process('a').look()
    await process('b').look()
    // As if the process had died right before it noted that it was told.
    const week = (await stores.staged.toldWeek()) as number
    await stores.staged.setToldWeek(week - 1)
    await process('a').look()
    const notifications = await told()
    expect(notifications).toHaveLength(1)
    const [notification] = notifications as [(typeof notifications)[number]]
    expect(notification).toMatchObject({
      receiver: 'mail',
      reason: 'first',
      alert: {
        title: 'Rule health of the week',
        group: [{ name: 'week', value: '2026-11-16' }],
        fields: [
          { name: 'week' },
          { name: 'noisy', value: 'usual (11 alerts)' },
          { name: 'may become active', value: 'quiet (quiet), right (right)' },
          { name: 'silent in 7 days', value: 'doubted, quiet, right, usual' },
        ],
      },
    })
    const mail = renderMail(createMessage(notification, createTimeText('UTC')))
    expect(mail.subject).toMatch(/^\[LOW\] Rule health of the week/)
    expect(mail.text).toContain('usual (11 alerts)')
  })

  it('the report of the week before is over when the next one comes', async () => {
    world.now = START + 22 * DAY
    await process('a').look()
    expect(await told()).toHaveLength(2)
    const open = (
      await stores.actions.group(
        SYSTEM_CONTRACT,
        (await told())[0]?.alert.id.split('-')[0] as string,
      )
    ).alerts
    expect(open.map(({ state, resolution }) => [state, resolution])).toEqual([
      ['resolved', 'returned'],
    ])
  })

  it('a rule that is staged no longer is forgotten, and begins anew', async () => {
    await stores.staged.note(['quiet'], world.now)
    expect([...(await stores.staged.since())]).toEqual([['quiet', START]])
    await stores.staged.note(['quiet', 'right'], world.now)
    expect((await stores.staged.since()).get('right')).toBe(world.now)
  })
})

describe('rules promote', () => {
  it('lists what is ready with the evidence, and on demand why others are not', async () => {
    expect(await tocsin('rules promote')).toBe(
      [
        'ID     SEVERITY  STAGED SINCE  ALERTS  RIGHT  FALSE  EVIDENCE',
        'quiet  low       2026-11-04    0       0      0      ready: no alert in 14 days',
        'right  low       2026-11-26    1       1      0      ready: its alert was right',
        '2 of 3 staged rules ready, by the last 14 days; --all shows why',
        '',
      ].join('\n'),
    )
    expect(await tocsin('rules promote --all')).toContain(
      'not yet: 1 of 1 alert resolved as a false positive',
    )
    const { rules } = JSON.parse(await tocsin('--json rules promote')) as { rules: object[] }
    expect(rules).toMatchObject([
      { id: 'quiet', promotion: 'quiet', ready: true, stagedSince: '2026-11-04T12:00:00.000Z' },
      { id: 'right', promotion: 'right', alerts: 1, resolved: 1, falsePositives: 0 },
    ])
  })
})
