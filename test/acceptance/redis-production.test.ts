// Owns the proof that the whole service runs on Redis as production has it. What this machine can't
// start is skipped, and the test says why.
import type { Redis } from 'ioredis'
import { afterEach, expect, it, vi } from 'vitest'
import {
  type RedisServers,
  startCluster,
  startRedisWithPassword,
  startRedisWithTls,
  startSentinel,
} from '../redis-servers.ts'
import { CONTRACT, openTestService, type TestService, userCreated } from './service.ts'

/** Twice what a Sentinel rests for, and what it does then. */
const FAILOVER = { timeout: 90_000, interval: 100 }

let service: TestService | undefined
let servers: RedisServers | undefined

afterEach(async () => {
  await service?.close()
  await servers?.close()
  service = undefined
  servers = undefined
})

/** The service on these servers, which has told of a first entry. */
async function open(started: RedisServers, redis: object = {}): Promise<TestService> {
  servers = started
  service = await openTestService(undefined, { redisUrl: servers.url, config: { redis } })
  await service.start()
  await tell('first@example.com')
  return service
}

/** Puts an entry in; resolves when Slack has its message. */
async function tell(user: string): Promise<void> {
  service?.simulator.addEntries(CONTRACT, [userCreated(user)])
  await service?.until(() => expect(messagesOf(user)).toHaveLength(1))
}

/** Whether the Sentinel names this server to whoever asks for the master, and it is one. */
async function failedOverTo(server: Redis, sentinel: Redis): Promise<boolean> {
  const named = await sentinel.call('sentinel', 'get-master-addr-by-name', 'primary')
  const role = await server.info('replication')
  const port = Array.isArray(named) ? `${named[1]}` : ''
  return port === `${server.options.port}` && role.includes('role:master')
}

function messagesOf(user: string): readonly string[] {
  return service?.messages().filter((text) => text.includes(user)) ?? []
}

it('a user and a password', async () => {
  await open(await startRedisWithPassword())
})

it('TLS, with an authority of its own', async ({ skip }) => {
  const started = await startRedisWithTls()
  if (typeof started === 'string') return skip(`this machine's Redis has no TLS: ${started}`)
  await open(started, { caFile: started.caFile })
})

it('a Sentinel, through the failover to the replica', async () => {
  const started = await startSentinel()
  await open(started)
  const replica = started.connect(1)
  const sentinel = started.connect(2)
  // What a replica does not have yet is lost with the master: that is Redis' promise, not ours.
  await started.connect(0).call('wait', 1, 30_000)
  await started.kill(0)
  service?.simulator.addEntries(CONTRACT, [userCreated('during@example.com')])
  // A Sentinel that was starved for 2 s does nothing for 30 s ("TILT"): the service is asked when it is through.
  await vi.waitFor(async () => expect(await failedOverTo(replica, sentinel)).toBe(true), FAILOVER)
  await tell('after@example.com')
  await service?.until(() => expect(messagesOf('during@example.com')).toHaveLength(1))
  expect(messagesOf('first@example.com')).toHaveLength(1)
})

it('a cluster of three masters, with keys on each of them', async () => {
  await open(await startCluster())
  await tell('second@example.com')
  const nodes = [0, 1, 2].map((at) => servers?.connect(at))
  const prefix = service?.redis.prefix ?? ''
  const found = await Promise.all(nodes.map(async (node) => (await node?.keys('*')) ?? []))
  expect(found.flat().filter((key) => !key.includes(prefix))).toEqual([])
  expect(found.filter((keys) => keys.length > 0).length).toBeGreaterThan(1)
  // Keys of the contract lie together: what changes an alert is one transition.
  const owners = found.filter((keys) =>
    keys.some((key) => key.startsWith(`{${prefix}:${CONTRACT}}`)),
  )
  expect(owners).toHaveLength(1)
})
