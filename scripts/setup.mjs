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
export const EXIT_CODE_SETUP = 3

/**
 * Makes the clone ready; every step that had work to do writes one line with its duration.
 * `needsServer`: a Redis at REDIS_URL is not enough, a program to start is needed.
 * Returns what findRedis found. Throws SetupError.
 */
export async function setUp(options = {}) {
  const { env = process.env, root = PROJECT, output = process.stderr } = options
  checkNode(process.versions.node)
  const lockPath = join(dataFolder(env), 'setup.lock')
  for (const { isDone, name, work } of stepsFor(root, env)) {
    if (isDone()) continue
    const report = (text) => output.write(`set-up: ${text}\n`)
    const once = async () => {
      // Another set-up may have done it while we waited.
      if (!isDone()) await timed(output, name, work)
    }
    await withSetupLock(lockPath, { work: once, report })
  }
  return lookForRedis(options.needsServer ? findRedisServer : findRedis, { env, output })
}

function stepsFor(root, env) {
  return [
    {
      name: 'installing packages',
      isDone: () => staleReason(root) === undefined,
      work: () => installPackages(root, env),
    },
    { name: 'building dist/', isDone: () => isBuilt(root), work: () => build(root) },
  ]
}

async function lookForRedis(find, { env, output }) {
  const startedAt = performance.now()
  let told = false
  const report = (text) => {
    told = true
    output.write(`set-up: ${text} … `)
  }
  try {
    const found = await find({ env, report })
    if (told) output.write(`${durationSince(startedAt)}\n`)
    return found
  } catch (error) {
    if (told) output.write('failed\n')
    if (!(error instanceof RedisNotFoundError)) throw error
    throw new SetupError(error.message)
  }
}

async function timed(output, name, work) {
  const startedAt = performance.now()
  output.write(`set-up: ${name} … `)
  try {
    await work()
    output.write(`${durationSince(startedAt)}\n`)
  } catch (error) {
    output.write('failed\n')
    throw error
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

function durationSince(startedAt) {
  const ms = performance.now() - startedAt
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
  const quiet = process.argv.includes('--quiet') ? { output: { write() {} } } : {}
  await setUpOrExit(quiet)
}
