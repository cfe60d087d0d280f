// The commands about deliveries, as an operator types them, on a real Redis with real queues.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CommandError } from '../../src/cli/context.ts'
import { deliveriesCommand } from '../../src/cli/deliveries.ts'
import { systemClock } from '../../src/clock.ts'
import { DeliveryError } from '../../src/notify/receiver.ts'
import { silentLog } from '../../src/observe/log.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import { createDeliveryQueue } from '../../src/queue/delivery-queue.ts'
import { createDeliveryWorker } from '../../src/queue/delivery-worker.ts'
import { createRedisDeliveryStore } from '../../src/state/redis-deliveries.ts'
import { digestSample } from '../notify/message-kinds.ts'
import { alertOf, notificationOf } from '../notify/notifications.ts'
import { silentCli } from '../silent-cli.ts'
import { openTestRedis, type TestRedis } from '../state/redis.ts'

const CONFIG = { receivers: { soc: { type: 'stdout' }, archive: { type: 'stdout' } } }

let redis: TestRedis
let root: string
const closing: (() => Promise<unknown>)[] = []

beforeEach(() => {
  redis = openTestRedis()
  root = mkdtempSync(join(tmpdir(), 'tocsin-deliveries-'))
  const { prefix } = redis
  writeFileSync(join(root, 'c.json'), JSON.stringify({ ...CONFIG, redis: { prefix } }))
})

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
  await redis.close()
  rmSync(root, { recursive: true })
})

/** Two dead deliveries at soc, refused by whatever it is, and one that waits for the archive. */
async function fail(): Promise<void> {
  const connections = {
    producer: redis.connect('producer'),
    worker: redis.connect('worker'),
    prefixOf: redis.keys.queue,
  }
  const [soc, archive] = ['soc', 'archive'].map((name) =>
    createDeliveryQueue(name, { connections, log: silentLog }),
  )
  if (soc === undefined || archive === undefined) throw new Error('no queues')
  closing.push(
    () => soc.close(),
    () => archive.close(),
  )
  const worker = createDeliveryWorker({
    connections,
    queue: soc,
    receiver: {
      name: 'soc',
      type: 'stdout',
      async send() {
        const options = { reason: 'refused', retryable: false } as const
        throw new DeliveryError('post to receiver soc: 410 \u001b[31mgone', options)
      },
      close: async () => {},
    },
    paceMs: 0,
    oneByOne: false,
    ageMaxMs: 86_400_000,
    deliveries: createRedisDeliveryStore(redis.redis, redis.keys),
    onDead: async () => {},
    onDelivered: () => {},
    clock: systemClock,
    metrics: createMetrics(),
    log: silentLog,
    random: () => 0,
  })
  const createdAt = systemClock.now()
  const notification = notificationOf({ receiver: 'soc', createdAt })
  await soc.publish([notification, digestSample({ receiver: 'soc', createdAt })])
  await vi.waitFor(async () => expect(await soc.counts()).toMatchObject({ dead: 2 }), 20_000)
  await worker.close()
  const alert = alertOf({ id: 'al-7', number: 7, severity: 'low' })
  await archive.publish([notificationOf({ receiver: 'archive', alert, createdAt })])
}

async function tocsin(...words: string[]) {
  let out = ''
  const cli = silentCli({
    stdout: { write: (text) => (out += text) },
    cwd: root,
    env: { REDIS_URL: redis.address },
    clock: systemClock,
  })
  const program = new Command('tocsin').option('--config <file>').option('--json')
  program.addCommand(deliveriesCommand(cli))
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

describe('deliveries list', () => {
  it('shows what is dead and what waits, of each receiver, harmless for a terminal', async () => {
    await fail()
    const { out } = await tocsin('deliveries', 'list')
    const lines = out.trimEnd().split('\n')
    expect(lines[0]).toMatch(/^RECEIVER +STATE +ALERT +SEVERITY +REASON +SINCE +TRIES +FAILURE$/)
    expect(lines.slice(1, 3).join('\n')).toMatch(
      /soc +dead +A-1042 +high +first .*410 \\u001B\[31mgone/,
    )
    expect(lines.slice(1, 3).join('\n')).toMatch(/soc +dead +412 alerts +critical +digest/)
    expect(lines[3]).toMatch(/^archive +waiting +A-7 +low +first .* 0 +-$/)
    expect(lines.slice(4)).toEqual([
      'soc: 2 dead, 0 being sent, 0 waiting',
      'archive: 0 dead, 0 being sent, 1 waiting',
    ])
    expect(out).not.toContain('\u001b')
  })

  it('is JSON when asked, of one receiver and one state', async () => {
    await fail()
    const { out } = await tocsin(
      '--json',
      'deliveries',
      'list',
      '--receiver',
      'soc',
      '--state',
      'dead',
    )
    const { receivers } = JSON.parse(out) as { receivers: Record<string, unknown>[] }
    expect(receivers).toMatchObject([
      { receiver: 'soc', counts: { dead: 2, sending: 0, waiting: 0 } },
    ])
    expect(receivers[0]?.deliveries).toContainEqual(
      expect.objectContaining({
        id: 'al_bulk_1042.soc.first.0',
        state: 'dead',
        reason: 'first',
        severity: 'high',
        alert: 'A-1042',
        attempts: 1,
      }),
    )
  })

  const wrong: readonly (readonly [string, readonly string[], string])[] = [
    ['a receiver that there is not', ['--receiver', 'slakc'], 'there is no receiver slakc'],
    ['a state that there is not', ['--state', 'gone'], 'dead, sending, waiting'],
    ['a limit that is none', ['--limit', '0'], 'a whole number'],
  ]
  it.each(wrong)('refuses %s', async (_name, words, message) => {
    const ending = await tocsin('deliveries', 'list', ...words)
    expect(ending.code).toBe(2)
    expect(ending.message).toContain(message)
  })
})

describe('deliveries retry', () => {
  it('puts named ones back on their queue', async () => {
    await fail()
    const { out } = await tocsin('deliveries', 'retry', 'al_bulk_1042.soc.first.0')
    expect(out).toBe('1 delivery is sent again\n')
    const listed = await tocsin('deliveries', 'list', '--receiver', 'soc')
    expect(listed.out).toContain('soc: 1 dead, 0 being sent, 1 waiting')
  })

  it('puts all back', async () => {
    await fail()
    const { out } = await tocsin('--json', 'deliveries', 'retry', '--all')
    expect((JSON.parse(out) as { retried: unknown[] }).retried).toHaveLength(2)
  })

  it('says which are not dead, after it has done the others', async () => {
    await fail()
    const ending = await tocsin('deliveries', 'retry', 'al_bulk_1042.soc.first.0', 'nothing')
    expect(ending).toMatchObject({ code: 1, message: 'not among the dead ones: nothing' })
    expect(ending.out).toBe('1 delivery is sent again\n')
  })

  it('asks which, rather than to send everything', async () => {
    const ending = await tocsin('deliveries', 'retry')
    expect(ending).toMatchObject({ code: 2, message: 'which deliveries?' })
  })
})
