// Owns the proof of `rules list --stats`: what it prints of a real store, and how it fails.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CommandError } from '../../src/cli/context.ts'
import { rulesCommand } from '../../src/cli/rules.ts'
import { createRedisRuleStatsStore } from '../../src/state/redis-rule-stats.ts'
import { silentCli } from '../silent-cli.ts'
import { openTestRedis } from '../state/redis.ts'

const NOW = Date.parse('2026-11-20T12:30:00Z')
const HOUR_MS = 3_600_000

const test = openTestRedis()
let root: string

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'tocsin-stats-'))
  mkdirSync(join(root, 'rules'))
  const conditions = { all: [{ fact: 'operation', operator: 'equal', value: 'delete' }] }
  for (const id of ['quiet', 'slow', 'usual']) {
    const rule = { id, title: `The ${id} one`, severity: 'low', conditions }
    writeFileSync(join(root, 'rules', `${id}.json`), JSON.stringify(rule))
  }
  writeFileSync(join(root, 'tocsin.json'), JSON.stringify({ redis: { prefix: test.prefix } }))
  const store = createRedisRuleStatsStore(test.redis, test.keys)
  const nothing = { detections: 0, alerts: 0, notCounted: {}, micros: 0, lastMatchAt: undefined }
  await store.add(NOW, {
    events: 1_000,
    rules: new Map([
      ['usual', { ...nothing, matches: 40, detections: 38, alerts: 2, lastMatchAt: NOW - 60_000 }],
      ['slow', { ...nothing, matches: 4, micros: 41_500, notCounted: { late: 1, 'no-group': 3 } }],
    ]),
  })
  await store.add(NOW - 30 * HOUR_MS, {
    events: 500,
    rules: new Map([['usual', { ...nothing, matches: 2 }]]),
  })
})

afterAll(async () => {
  rmSync(root, { recursive: true })
  await test.close()
})

async function tocsin(line: string): Promise<string> {
  let out = ''
  const cli = silentCli({
    stdout: { write: (text) => (out += text) },
    cwd: root,
    env: { REDIS_URL: test.address },
    clock: { now: () => NOW, sleep: async () => {} },
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

describe('rules list --stats', () => {
  it('prints what each rule did in the last day, the slowest first', async () => {
    expect(await tocsin('rules list --stats')).toBe(
      [
        'ID     MATCHES  DETECTIONS  ALERTS  µS/EVENT  LAST MATCH            NOT COUNTED',
        'slow   4        0           0       41.50     -                     3 no-group, 1 late',
        'usual  40       38          2       -         2026-11-20T12:29:00Z  -',
        'quiet  0        0           0       -         -                     -',
        '1,000 events in the last 1d, all evaluators together',
        '',
      ].join('\n'),
    )
  })

  it('prints the same as JSON, for a week if that is asked for', async () => {
    const { events, within, rules } = JSON.parse(
      await tocsin('rules list --stats --within 7d --json'),
    )
    expect([events, within]).toEqual([1_500, '7d'])
    expect(rules.find(({ id }: { id: string }) => id === 'usual').stats).toEqual({
      matches: 42,
      detections: 38,
      alerts: 2,
      notCounted: {},
      microsecondsPerEvent: 0,
      lastMatch: '2026-11-20T12:29:00.000Z',
    })
    expect(rules[0].state).toBe('running')
  })

  it('refuses a span that is not kept', async () => {
    for (const within of ['8d', 'yesterday']) {
      const ending = tocsin(`rules list --stats --within ${within}`)
      await expect(ending).rejects.toThrow(CommandError)
      await expect(ending).rejects.toThrow(`--within: found "${within}"`)
    }
  })
})
