// Owns finding a Redis server program to run: on PATH, from an earlier set-up, or fetched.
import { accessSync, constants, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { canFetchRedis, fetchRedis, systemName, unpackedRedis } from './fetch-redis.mjs'
import { spawnGuarded } from './guarded.mjs'
import { pingRedis } from './redis-ping.mjs'

const PROJECT = fileURLToPath(new URL('..', import.meta.url))
const PROGRAMS = ['valkey-server', 'redis-server']
/** An empty Redis answers within 50 ms; a machine under load takes a few seconds. */
const CHECK_TIMEOUT_MS = 20_000
const CHECK_PAUSE_MS = 5
/** How much of what a failing server prints is kept for the message. */
const OUTPUT_LENGTH_MAX = 2000

/** No usable Redis: the message says what was tried and what to do. */
export class RedisNotFoundError extends Error {
  name = 'RedisNotFoundError'
}

/** The data folder: TOCSIN_DATA_DIR, else `.tocsin` in the project. */
export function dataFolder(env = process.env) {
  return resolve(PROJECT, env.TOCSIN_DATA_DIR || '.tocsin')
}

/**
 * `{ kind: 'url' }` when REDIS_URL is set, else what findRedisServer finds.
 * The URL itself is not in the result: it may hold a password.
 */
export async function findRedis(options = {}) {
  const env = options.env ?? process.env
  return env.REDIS_URL ? { kind: 'url' } : findRedisServer(options)
}

/**
 * A Redis (or Valkey) server that was seen to start and to answer:
 * `{ kind: 'path' | 'kept' | 'fetched', command, env }`; `env` is all it needs of the environment.
 * `fetch: false` never uses the network. Throws RedisNotFoundError.
 */
export async function findRedisServer(options = {}) {
  const { env = process.env, dataDir = dataFolder(env), fetch = true } = options
  const report = options.report ?? (() => {})
  const faults = []
  // Redis gets no other variable of ours: they hold secrets.
  const path = env.PATH === undefined ? {} : { PATH: env.PATH }
  for (const candidate of [...onPath(env), ...kept(dataDir)]) {
    const fault = await faultOf(candidate)
    if (fault === undefined) return { ...candidate, env: { ...path, ...candidate.env } }
    faults.push(`${candidate.command}: ${fault}`)
  }
  if (!fetch || !canFetchRedis()) throw notFound(faults, env)
  report(`fetching Redis from the packages of ${systemName()}, not installing it`)
  try {
    const found = await fetchRedis(join(resolve(dataDir), 'redis'), { verify, env })
    return { kind: 'fetched', command: found.command, env: { ...path, ...found.env } }
  } catch (error) {
    throw notFound([...faults, `fetching it failed: ${oneLine(error)}`], env)
  }
}

function onPath(env) {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => isAbsolute(folder))
  return PROGRAMS.flatMap((name) => {
    const command = folders.map((folder) => join(folder, name)).find(isExecutable)
    return command === undefined ? [] : [{ kind: 'path', command, env: {} }]
  })
}

/** What an earlier set-up left, for this data folder or for the project as a whole. */
function kept(dataDir) {
  const folders = new Set([resolve(dataDir), join(PROJECT, '.tocsin')])
  return [...folders].flatMap((folder) => {
    const found = unpackedRedis(join(folder, 'redis'))
    return found === undefined ? [] : [{ kind: 'kept', ...found }]
  })
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** Starts the server on a socket of its own and asks it: what is wrong, or undefined. */
async function faultOf(candidate) {
  const folder = temporaryFolder()
  const socketPath = join(folder, 'redis.sock')
  const settings = ['--port', '0', '--unixsocket', socketPath, '--dir', folder, '--save', '']
  const server = spawnGuarded([candidate.command, ...settings], {
    env: { PATH: process.env.PATH, ...candidate.env },
    outputLengthMax: OUTPUT_LENGTH_MAX,
  })
  try {
    return await faultOfServer(server, socketPath)
  } finally {
    await server.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function faultOfServer(server, socketPath) {
  const deadline = performance.now() + CHECK_TIMEOUT_MS
  while (performance.now() < deadline) {
    if (server.hasEnded()) {
      const { how, output } = await server.ended
      return [`ended at once (${how})`, ...output.trim().split('\n').slice(-2)].join(': ')
    }
    const reply = await pingRedis(socketPath, CHECK_TIMEOUT_MS).catch(() => undefined)
    if (reply === 'PONG') return undefined
    await new Promise((wake) => setTimeout(wake, CHECK_PAUSE_MS))
  }
  return `did not answer within ${CHECK_TIMEOUT_MS} ms`
}

/** `/tmp` before TMPDIR: the path of a unix socket holds about 100 bytes. */
function temporaryFolder() {
  try {
    return mkdtempSync('/tmp/tocsin-check-')
  } catch {
    return mkdtempSync(join(tmpdir(), 'tocsin-'))
  }
}

async function verify(found) {
  const fault = await faultOf(found)
  if (fault !== undefined) throw new Error(fault)
}

function notFound(faults, env) {
  const programs = [
    'No Redis to run. Do one of these and try again:',
    '  Debian, Ubuntu:  sudo apt-get install redis-server',
    '  Fedora, RHEL:    sudo dnf install valkey',
    '  macOS:           brew install redis',
  ]
  const servers = [
    '  Docker:          docker run -d -p 127.0.0.1:6379:6379 redis:7 ' +
      'redis-server --appendonly yes',
    '                   and set REDIS_URL=redis://127.0.0.1:6379',
    '  any other Redis: set REDIS_URL=redis://user:password@host:port',
  ]
  const own = ['REDIS_URL is left alone here: this needs a Redis of its own to start.']
  const remedy = [...programs, ...(env.REDIS_URL ? own : servers)]
  return new RedisNotFoundError([...faults.map((fault) => `(${fault})`), ...remedy].join('\n'))
}

/** apt tells the reason in lines that begin with E: or W:. */
function oneLine(error) {
  const lines = `${error.stderr ?? ''}`.split('\n').filter((line) => /^[EW]: /.test(line))
  return lines[0] ?? error.message.split('\n')[0]
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const found = await findRedis({
      report: console.error,
      fetch: !process.argv.includes('--no-fetch'),
    })
    if (process.argv.includes('--json')) console.log(JSON.stringify(found))
    else console.log(found.kind === 'url' ? 'REDIS_URL is set' : found.command)
  } catch (error) {
    if (!(error instanceof RedisNotFoundError)) throw error
    console.error(error.message)
    process.exitCode = 3
  }
}
