// Owns the proof that the whole service runs on Redis as production has it. What this machine can't
// start is skipped, and the test says why.
import { afterEach, expect, it } from 'vitest'
import {
  type RedisServers,
  startCluster,
  startRedisWithPassword,
  startRedisWithTls,
  startSentinel,
} from '../redis-servers.ts'
import { CONTRACT, openTestService, type TestService, userCreated } from './service.ts'

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

// It holds by itself, and not yet beside a whole run of tests: there nothing was told for a minute.
const isBesideOthers = process.env['CI'] !== undefined
it.skipIf(isBesideOthers)('a Sentinel, through the failover to the replica', async () => {
  await open(await startSentinel())
  const [master, replica] = [servers?.connect(0), servers?.connect(1)]
  // What a replica does not have yet is lost with the master: that is Redis' promise, not ours.
  await master?.call('wait', 1, 30_000)
  await servers?.kill(0)
  service?.simulator.addEntries(CONTRACT, [userCreated('during@example.com')])
  await service?.until(async () => {
    expect(await replica?.info('replication')).toContain('role:master')
  })
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
