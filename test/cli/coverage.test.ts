// Owns the proof of `tocsin coverage`: what it prints of a real ledger, and its exit codes.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CommandError } from '../../src/cli/context.ts'
import { coverageCommand } from '../../src/cli/coverage.ts'
import { openRedisStores } from '../../src/state/redis.ts'
import { silentCli } from '../silent-cli.ts'
import { found, HOUR_MS, NO_FENCE, record, span } from '../state/read-store.contract.ts'
import { openTestRedis } from '../state/redis.ts'

const NOW = Date.parse('2026-11-20T12:00:30Z')
const HOUR = Date.parse('2026-11-20T10:00:00Z')

const test = openTestRedis()
let root: string

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'tocsin-coverage-'))
  writeFileSync(join(root, 'tocsin.json'), JSON.stringify({ redis: { prefix: test.prefix } }))
  const { reads, batches } = openRedisStores(test.redis, test.keys)
  for (const contract of ['1', '2']) {
    await reads.begin(contract, HOUR)
    const window = span(HOUR, HOUR + HOUR_MS)
    const batch = { id: 'b-1', time: HOUR + 1_000, window }
    await batches.announce(contract, batch, NO_FENCE)
    const entries = found({ a: HOUR + 1_000, b: HOUR + 2_000 })
    await batches.remember(contract, { window, batch: 'b-1', entries }, NO_FENCE)
    await batches.finish(contract, batch, 'c0ffee012345')
    await reads.finishWindow(contract, record(span(HOUR, NOW - 30_000)), NO_FENCE)
    await reads.confirmHour(contract, HOUR, 2, NOW)
  }
  const second = span(HOUR + 5_000, HOUR + 6_000)
  await reads.finishWindow('2', record(second, { proven: false, at: NOW - 60_000 }), NO_FENCE)
})

afterAll(async () => {
  rmSync(root, { recursive: true })
  await test.close()
})

type Ran = { readonly out: string; readonly exitCode: number; readonly message: string }

async function tocsin(line: string, prefix?: string): Promise<Ran> {
  let out = ''
  const config = join(root, `${prefix ?? 'tocsin'}.json`)
  if (prefix !== undefined) writeFileSync(config, JSON.stringify({ redis: { prefix } }))
  const cli = silentCli({
    stdout: { write: (text) => (out += text) },
    cwd: root,
    env: { REDIS_URL: test.address },
    clock: { now: () => NOW, sleep: async () => {} },
  })
  const program = new Command('tocsin')
    .option('--config <file>')
    .option('--json')
    .addCommand(coverageCommand(cli))
  try {
    await program.parseAsync(['--config', config, 'coverage', ...line.split(' ').filter(Boolean)], {
      from: 'user',
    })
    return { out, exitCode: 0, message: '' }
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    return { out, exitCode: error.exitCode, message: error.message }
  }
}

describe('coverage', () => {
  it('says that everything was evaluated, by which rules, and how late', async () => {
    const { out, exitCode } = await tocsin('--contract 1')
    expect(out).toBe(
      [
        'contract 1, 2026-11-19 12:00 to 2026-11-20 13:00 UTC',
        'entries    2 of 2 evaluated',
        'rule sets  c0ffee012345: 2',
        'gaps       none, 0 closed',
        'lateness   half within 60 s, 95 % within 60 s, 99 % within 60 s, the latest 60 s',
        'confirmed  1 of 2 whole hours, by a later read',
        'marks      read to 2026-11-20 12:00:00, evaluated to 2026-11-20 12:00:00',
        'verdict    complete',
        '\n',
      ].join('\n'),
    )
    expect(exitCode).toBe(0)
  })

  it('names the gaps, and its exit code says that something may be missing', async () => {
    const { out, exitCode } = await tocsin('--contract 2')
    expect(out).toContain('gaps       1 open')
    expect(out).toContain(
      '2026-11-20 10:00:05 to 2026-11-20 10:00:06: not read completely so far, found 2026-11-20 11:59:30',
    )
    expect(out).toContain('verdict    not complete: 1 gap')
    expect(exitCode).toBe(1)
  })

  it('of a time before reading began is no', async () => {
    const { out, exitCode } = await tocsin('--contract 1 --from 2026-11-20T08:00:00Z')
    expect(out).toContain('not complete: reading began only 2026-11-20 10:00')
    expect(exitCode).toBe(1)
  })

  it('tells programs of every contract, with times as text', async () => {
    const { out, exitCode } = await tocsin('--json')
    const { contracts } = JSON.parse(out) as { contracts: Record<string, unknown>[] }
    expect(contracts.map(({ contract, complete }) => [contract, complete])).toEqual([
      ['1', true],
      ['2', false],
    ])
    expect(contracts[1]).toMatchObject({
      from: '2026-11-19T12:00:00.000Z',
      entries: 2,
      evaluated: 2,
      ruleSets: [{ version: 'c0ffee012345', entries: 2 }],
      gaps: [{ from: '2026-11-20T10:00:05.000Z', reason: 'unproven' }],
      faults: ['1 gap'],
    })
    expect(exitCode).toBe(1)
  })

  it('of a service that never read anything says so', async () => {
    const { exitCode, message } = await tocsin('', `${test.prefix}-none`)
    expect([exitCode, message]).toEqual([1, 'nothing was ever read'])
  })

  it.each([
    ['--from yesterday', '--from yesterday: no time'],
    ['--from 2026-11-20 --to 2026-11-19', '--to is not after --from'],
  ])('with %s is wrong use', async (line, message) => {
    expect(await tocsin(line)).toMatchObject({ exitCode: 2, message })
  })
})
