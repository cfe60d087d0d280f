// Owns fetching Redis from Debian's or Ubuntu's own packages: no root, nothing gets installed.
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** `redis-server` is little more than a link into `redis-tools`; the rest are its libraries. */
const PACKAGES = [
  'redis-server',
  'redis-tools',
  'libjemalloc2',
  'liblzf1',
  'liblua5.1-0',
  'lua-cjson',
  'lua-bitop',
  'libatomic1',
]

/** Tried in this order: a release that lacks one of the libraries above still has the server. */
const PACKAGE_SETS = [PACKAGES, ['redis-server', 'redis-tools'], ['valkey-server', 'valkey-tools']]

/** Libraries of libraries of libraries: slim images lack some, and none was seen deeper. */
const LIBRARY_ROUNDS_MAX = 5
/** One apt or dpkg call; a slow mirror needs a minute, a dead one must not hold set-up for ever. */
const STEP_TIMEOUT_MS = 180_000
/** What apt may print before it counts as broken. */
const STEP_OUTPUT_BYTES_MAX = 8 * 1024 * 1024
/** No fetch takes this long, so an older half-done folder is a crash's. */
const LEFTOVER_AGE_MS = 15 * 60_000
const TEMPORARY_PREFIX = 'redis.tmp-'

/** Whether this system's packages can be fetched. */
export function canFetchRedis() {
  return existsSync('/usr/bin/apt-get') && existsSync('/usr/bin/dpkg')
}

/** The server unpacked under `root` and the environment it needs, or undefined. */
export function unpackedRedis(root) {
  const command = ['redis-server', 'valkey-server']
    .map((name) => join(root, 'usr', 'bin', name))
    .find((path) => existsSync(path))
  if (command === undefined) return undefined
  return { command, env: { LD_LIBRARY_PATH: libraryPath(root) } }
}

/**
 * Fetches into `folder`, replacing what is there once `verify(found)` has resolved.
 * Safe beside another process that does the same; what a crash leaves is removed later.
 */
export async function fetchRedis(folder, { verify, env = process.env }) {
  const parent = join(folder, '..')
  await mkdir(parent, { recursive: true })
  await removeLeftovers(parent)
  const work = await mkdtemp(join(parent, TEMPORARY_PREFIX))
  try {
    const root = join(work, 'root')
    await unpackPackages(work, root, env)
    const found = unpackedRedis(root)
    if (found === undefined) throw new Error('the packages hold no redis-server')
    await verify(found)
    await putInPlace({ root, folder, work })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  return unpackedRedis(folder)
}

async function removeLeftovers(parent) {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(TEMPORARY_PREFIX)) continue
    const path = join(parent, name)
    const age = Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? 0)
    if (age > LEFTOVER_AGE_MS) await rm(path, { recursive: true, force: true })
  }
}

async function putInPlace({ root, folder, work }) {
  // A folder that is there already failed its check, or another process was quicker: both are
  // replaced by what was just proven to work. A Redis that runs from it keeps its open files.
  await rename(folder, join(work, 'old')).catch(ignoreMissing)
  try {
    await rename(root, folder)
  } catch (error) {
    if (unpackedRedis(folder) === undefined) throw error
  }
}

function ignoreMissing(error) {
  if (error.code !== 'ENOENT') throw error
}

async function unpackPackages(work, root, env) {
  const apt = await createApt(work, env)
  // Third-party sources often fail to update; what counts is whether the download then works.
  const updateError = await apt.update().catch((error) => error)
  const packages = await downloadFirst(apt).catch((error) => {
    throw updateError instanceof Error ? updateError : error
  })
  const asked = new Set(packages)
  await apt.unpackInto(root)
  for (let round = 0; round < LIBRARY_ROUNDS_MAX; round += 1) {
    if (!(await lacksLibraries(root, env))) return
    const wanted = await apt.libraries([...asked])
    const missing = wanted.filter((name) => !asked.has(name))
    if (missing.length === 0) return
    await apt.download(missing)
    for (const name of missing) asked.add(name)
    await apt.unpackInto(root)
  }
}

async function downloadFirst(apt) {
  let firstError
  for (const packages of PACKAGE_SETS) {
    try {
      await apt.download(packages)
      return packages
    } catch (error) {
      firstError ??= error
    }
  }
  throw firstError
}

/** apt with lists, cache and state of its own below `work`, so that it runs as any user. */
async function createApt(work, env) {
  const debs = join(work, 'debs')
  for (const name of ['lists/partial', 'cache/archives/partial', 'state', 'log', 'debs']) {
    await mkdir(join(work, name), { recursive: true })
  }
  await writeFile(join(work, 'state', 'status'), '')
  const options = Object.entries({
    'Dir::State': join(work, 'state'),
    'Dir::State::lists': join(work, 'lists'),
    'Dir::State::status': join(work, 'state', 'status'),
    'Dir::Cache': join(work, 'cache'),
    'Dir::Cache::pkgcache': 'pkgcache.bin',
    'Dir::Cache::srcpkgcache': 'srcpkgcache.bin',
    'Dir::Log': join(work, 'log'),
    'Debug::NoLocking': '1',
    // As root, apt would download as `_apt`, which may not write here.
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '2',
    'Acquire::http::Timeout': '20',
    'Acquire::https::Timeout': '20',
  }).flatMap(([key, value]) => ['-o', `${key}=${value}`])
  const run = (command, args) =>
    execute(command, args, {
      cwd: debs,
      env: { ...env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
      timeout: STEP_TIMEOUT_MS,
      maxBuffer: STEP_OUTPUT_BYTES_MAX,
    })
  return {
    update: () => run('apt-get', [...options, '-q', 'update']),
    download: (packages) => run('apt-get', [...options, '-q', 'download', ...packages]),
    /** Libraries the packages depend on directly and this system has not installed. */
    async libraries(packages) {
      const listed = await run('apt-cache', [...options, 'depends', ...packages])
      const installed = await run('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Abbrev}\n'])
      const present = new Set(installed.stdout.match(/^\S+(?= ii)/gm))
      return parseDependencies(listed.stdout).filter(
        (name) => /^(?:lib|lua-)/.test(name) && !present.has(name),
      )
    },
    async unpackInto(root) {
      for (const name of await readdir(debs)) {
        await run('dpkg', ['-x', join(debs, name), root])
        await rm(join(debs, name))
      }
    },
  }
}

/** Names after `Depends:` of `apt-cache depends`; of alternatives (`|Depends:`) the first. */
export function parseDependencies(text) {
  const names = new Set()
  let inAlternative = false
  for (const line of text.split('\n')) {
    const [, bar, name] = /^\s+(\|?)(?:Pre)?Depends: (\S+)/.exec(line) ?? []
    if (name === undefined) continue
    if (!inAlternative && !name.startsWith('<')) names.add(name)
    inAlternative = bar === '|'
  }
  return [...names]
}

async function lacksLibraries(root, env) {
  const found = unpackedRedis(root)
  if (found === undefined) return false
  const listing = await execute('ldd', [found.command], { env: { ...env, ...found.env } })
  return listing.stdout.includes('not found')
}

/** Folders below `root` with shared libraries, as LD_LIBRARY_PATH wants them. */
function libraryPath(root) {
  const tops = ['usr/lib', 'lib'].map((name) => join(root, name)).filter((path) => existsSync(path))
  const nested = tops.flatMap((top) =>
    readdirSync(top, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name.includes('-linux-'))
      .map((entry) => join(top, entry.name)),
  )
  return [...nested, ...tops].join(':')
}

/** The system's name, for messages: `Debian GNU/Linux 12 (bookworm)`. */
export function systemName() {
  try {
    const text = readFileSync('/etc/os-release', 'utf8')
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(text)?.[1] ?? process.platform
  } catch {
    return process.platform
  }
}
