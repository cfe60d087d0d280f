// Owns getting a clone ready to run: Node, packages, build, Redis. It has no dependencies, and
// does only what is missing.
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, isBuilt } from './build.mjs'
import { dataFolder, findRedis, findRedisServer, RedisNotFoundError } from './find-redis.mjs'
import { installPackages, staleReason } from './packages.mjs'
import { SetupError } from './setup-error.mjs'
import { withSetupLock } from './setup-lock.mjs'

const PROJECT = fileURLToPath(new URL('..', import.meta.url))
/** What package.json's `engines` says. */
const NODE_MIN = [20, 19]
/** A Redis that is there already is only told when looking for it took this long. */
const WORTH_TELLING_MS = 1_000
export const EXIT_CODE_SETUP = 3

/**
 * Makes the clone ready; every step that had work to do reports one line with its duration.
 * `needsServer`: a Redis at REDIS_URL is not enough, a program to start is needed.
 * Returns what findRedis found. Throws SetupError.
 */
export async function setUp(options = {}) {
  const { env = process.env, root = PROJECT, needsServer = false } = options
  const report = options.report ?? ((line) => process.stderr.write(`${line}\n`))
  const step = async (name, work) => {
    const startedAt = performance.now()
    const result = await work()
    report(`set-up: ${name} (${formatDuration(performance.now() - startedAt)})`)
    return result
  }
  checkNode(process.versions.node)
  const steps = [
    {
      stale: () => staleReason(root),
      name: (why) => `${why}: installed packages`,
      work: () => installPackages(root, env),
    },
    {
      stale: () => (isBuilt(root) ? undefined : 'build'),
      name: () => 'built dist/',
      work: () => build(root),
    },
  ]
  const lockPath = join(dataFolder(env), 'setup.lock')
  for (const { stale, name, work } of steps) {
    if (stale() === undefined) continue
    const once = async () => {
      const why = stale()
      if (why !== undefined) await step(name(why), work)
    }
    await withSetupLock(lockPath, { work: once, report })
  }
  return lookForRedis({ env, needsServer, report })
}

async function lookForRedis({ env, needsServer, report }) {
  const startedAt = performance.now()
  const find = needsServer ? findRedisServer : findRedis
  try {
    const found = await find({ env })
    const tookMs = performance.now() - startedAt
    if (found.kind === 'fetched') {
      report(`set-up: fetched Redis into ${dataFolder(env)} (${formatDuration(tookMs)})`)
    } else if (tookMs > WORTH_TELLING_MS) {
      report(`set-up: found Redis (${formatDuration(tookMs)})`)
    }
    return found
  } catch (error) {
    if (!(error instanceof RedisNotFoundError)) throw error
    throw new SetupError(error.message)
  }
}

/** Throws SetupError for a Node that is too old. */
export function checkNode(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [majorMin, minorMin] = NODE_MIN
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return
  throw new SetupError(
    `Tocsin needs Node ${NODE_MIN.join('.')} or later; this is ${version}`,
    'install Node 24 from https://nodejs.org or with your version manager (nvm install 24)',
  )
}

function formatDuration(ms) {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

/** Runs set-up for a script; on failure says why and ends the process. */
export async function setUpOrExit(options) {
  try {
    return await setUp(options)
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    console.error(`tocsin: ${error.message}`)
    if (error.remedy !== undefined) console.error(`        ${error.remedy}`)
    return process.exit(EXIT_CODE_SETUP)
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const quiet = process.argv.includes('--quiet') ? { report: () => {} } : {}
  await setUpOrExit(quiet)
}
