// Owns Redis servers as production has them, started for one test on free ports of this machine:
// with a password, with TLS, a master with its replica and a Sentinel, a cluster of three.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis, type RedisOptions } from 'ioredis'
import { findRedisServer } from '../scripts/find-redis.mjs'
import { spawnGuarded } from '../scripts/guarded.mjs'
import { TEST_CERTIFICATE, TEST_KEY } from './notify/certificate.ts'

/** What a server needs to be there; a machine with much to do takes seconds. */
const START_MS_MAX = 30_000
const LOOK_MS = 20
const OUTPUT_LENGTH_MAX = 2_000
const HOST = '127.0.0.1'
const SLOTS = 16_384

export type RedisServers = {
  /** Value of REDIS_URL. */
  readonly url: string
  /** A file with the authority that signed the certificates. */
  readonly caFile: string
  /** SIGKILL to the nth server that was started. */
  kill(at: number): Promise<void>
  /** A connection of the test's own to the nth server. */
  connect(at: number): Redis
  close(): Promise<void>
}

type Options = Omit<RedisOptions, 'replyMapping'>

type Server = { readonly port: number; readonly options: Options; kill(): Promise<void> }

type Rack = Omit<RedisServers, 'url'> & {
  /** Starts a server; resolves when it answers. */
  start(settings: readonly string[], options?: Start): Promise<Server>
  /** A file of the rack's folder. */
  file(name: string, text: string): string
}

type Start = { readonly connect?: Options; readonly args?: readonly string[] }

/** One server that only a user with a password may use. */
export async function startRedisWithPassword(): Promise<RedisServers> {
  const rack = await openRack()
  const users = ['--user', 'default', 'off']
  const user = ['--user', 'tocsin', 'on', '>pass/word:1', '~*', '&*', '+@all']
  const connect = { username: 'tocsin', password: 'pass/word:1' }
  const { port } = await rack.start([...users, ...user], { connect })
  return { ...rack, url: `redis://tocsin:pass%2Fword%3A1@${HOST}:${port}` }
}

/** One server with TLS only, or why this machine's Redis has none. */
export async function startRedisWithTls(): Promise<RedisServers | string> {
  const rack = await openRack()
  const [port] = await freePorts(1)
  const key = rack.file('key.pem', TEST_KEY)
  const files = ['--tls-cert-file', rack.caFile, '--tls-key-file', key]
  const authority = ['--tls-ca-cert-file', rack.caFile, '--tls-auth-clients', 'no']
  const args = ['--port', '0', '--tls-port', `${port}`, ...files, ...authority]
  try {
    await rack.start([], { args, connect: { port: port as number, tls: { ca: TEST_CERTIFICATE } } })
    return { ...rack, url: `rediss://${HOST}:${port}` }
  } catch (error) {
    await rack.close()
    const text = String(error)
    if (/tls-cert-file|Bad directive|wrong number of arguments/i.test(text)) return text
    throw error
  }
}

/** A master (0), its replica (1) and a Sentinel (2) that makes it the master when that is gone. */
export async function startSentinel(): Promise<RedisServers> {
  const rack = await openRack()
  const master = await rack.start([])
  const replica = await rack.start(['--replicaof', HOST, `${master.port}`])
  const followed = rack.connect(1)
  await until(async () => (await followed.info('replication')).includes('master_link_status:up'))
  const [port] = await freePorts(1)
  const config = rack.file(
    'sentinel.conf',
    [
      `port ${port}`,
      `bind ${HOST}`,
      `sentinel monitor primary ${HOST} ${master.port} 1`,
      'sentinel down-after-milliseconds primary 1000',
      'sentinel failover-timeout primary 10000',
      '',
    ].join('\n'),
  )
  const args = [config, '--sentinel']
  await rack.start([], { args, connect: { port: port as number } })
  const sentinel = rack.connect(2)
  const known = async () => JSON.stringify(await sentinel.call('sentinel', 'replicas', 'primary'))
  await until(async () => (await known()).includes(`"${replica.port}"`))
  return { ...rack, url: `redis+sentinel://${HOST}:${port}/primary` }
}

/** Three masters that share the slots. */
export async function startCluster(): Promise<RedisServers> {
  const rack = await openRack()
  const ports = await freePorts(6)
  const nodes = [0, 1, 2].map((at) => ({
    at,
    port: ports[at] as number,
    bus: ports[at + 3] as number,
  }))
  for (const { at, port, bus } of nodes) {
    const files = ['--cluster-enabled', 'yes', '--cluster-config-file', `nodes-${at}.conf`]
    const args = ['--port', `${port}`, '--cluster-port', `${bus}`, ...files]
    await rack.start([], { args, connect: { port } })
    const from = Math.floor((at * SLOTS) / 3)
    const to = Math.floor(((at + 1) * SLOTS) / 3) - 1
    const node = rack.connect(at)
    await node.call('cluster', 'set-config-epoch', at + 1)
    await node.call('cluster', 'addslotsrange', from, to)
  }
  const first = rack.connect(0)
  for (const { port, bus } of nodes.slice(1)) await first.call('cluster', 'meet', HOST, port, bus)
  for (const { at } of nodes) {
    const node = rack.connect(at)
    await until(async () => {
      const info = String(await node.call('cluster', 'info'))
      return info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3')
    })
  }
  return { ...rack, url: `redis+cluster://${nodes.map(({ port }) => `${HOST}:${port}`).join()}` }
}

async function openRack(): Promise<Rack> {
  const program = await findRedisServer()
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-redis-'))
  const servers: Server[] = []
  const connections: Redis[] = []
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  return {
    file,
    caFile: file('ca.pem', TEST_CERTIFICATE),
    async start(settings, { args, connect = {} } = {}) {
      const port = connect.port ?? (await freePorts(1))[0] ?? 0
      const place = join(folder, `server-${servers.length}`)
      mkdirSync(place)
      const isSentinel = args?.includes('--sentinel') ?? false
      const common = [
        '--bind',
        HOST,
        '--dir',
        place,
        '--save',
        '',
        '--maxmemory-policy',
        'noeviction',
      ]
      const own = [...(args ?? ['--port', `${port}`]), ...(isSentinel ? [] : common), ...settings]
      const child = spawnGuarded([program.command, ...own], {
        env: program.env,
        outputLengthMax: OUTPUT_LENGTH_MAX,
      })
      const options = { host: HOST, ...connect, port, maxRetriesPerRequest: null }
      servers.push({ port, options, kill: () => child.kill() })
      const redis = new Redis({ ...options, retryStrategy: () => LOOK_MS })
      redis.on('error', () => {})
      try {
        await until(async () => {
          if (child.hasEnded()) throw new Error((await child.ended).output)
          return redis.status === 'ready'
        })
      } finally {
        redis.disconnect()
      }
      return servers.at(-1) as Server
    },
    kill: async (at) => await servers[at]?.kill(),
    connect(at) {
      const redis = new Redis(servers[at]?.options ?? {})
      redis.on('error', () => {})
      connections.push(redis)
      return redis
    },
    async close() {
      for (const redis of connections) redis.disconnect()
      await Promise.all(servers.map((server) => server.kill()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Ports nobody listened on a moment ago, all different. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((done) => server.listen(0, HOST, done))
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
  return ports
}

/** Resolves when the check holds; rejects when it throws, or in time. */
async function until(check: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + START_MS_MAX
  while (performance.now() < deadline) {
    if (await check()) return
    await new Promise((wake) => setTimeout(wake, LOOK_MS))
  }
  throw new Error(`a Redis of the test is not there after ${START_MS_MAX} ms`)
}
