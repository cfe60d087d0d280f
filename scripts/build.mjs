// Owns dist/: compiles src/ into it, all or nothing, and knows whether it is up to date.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { writeAsnTable } from './build-asn.mjs'
import { buildConsole } from './build-console.mjs'
import { SetupError } from './setup-error.mjs'

const execute = promisify(execFile)
const PROJECT = fileURLToPath(new URL('..', import.meta.url))

/** Holds the digest of what dist/ was built from. */
const STAMP = '.stamp'
const TEMPORARY_PREFIX = '.dist-'
/** No build takes this long, so an older half-done folder is a crash's. */
const LEFTOVER_AGE_MS = 15 * 60_000
const COMPILE_TIMEOUT_MS = 300_000
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024
const OUTPUT_LINES_SHOWN = 30

/** Whether dist/ below `root` is what the sources say. */
export function isBuilt(root = PROJECT) {
  const stamp = join(root, 'dist', STAMP)
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === sourceDigest(root)
}

/**
 * Compiles into a folder beside dist/ and then swaps them, so that dist/ is never half-done and
 * holds no file whose source is gone. Returns the sizes of the console's script, in bytes. Throws
 * SetupError with what the compiler said.
 */
export async function build(root = PROJECT) {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  if (!existsSync(compiler)) {
    throw new SetupError('the compiler is not installed', 'run `npm ci --include=dev`')
  }
  removeLeftovers(root)
  const digest = sourceDigest(root)
  const work = mkdtempSync(join(root, TEMPORARY_PREFIX))
  try {
    const made = join(work, 'new')
    await compile(root, compiler, made)
    const sizes = await buildConsoleInto(root, made)
    copyAssets(join(root, 'src'), made)
    writeAsnTable(root, made)
    const program = join(made, 'main.js')
    if (existsSync(program)) chmodSync(program, 0o755)
    writeFileSync(join(made, STAMP), digest)
    swap(root, { work, made })
    return sizes
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** A folder without a console has none: copies of the sources that only test set-up. */
async function buildConsoleInto(root, made) {
  if (!existsSync(join(root, 'console', 'index.html'))) return undefined
  return buildConsole(root, join(made, 'http', 'console'))
}

function swap(root, { work, made }) {
  const dist = join(root, 'dist')
  if (existsSync(dist)) renameSync(dist, join(work, 'old'))
  renameSync(made, dist)
}

async function compile(root, compiler, outDir) {
  const flags = ['-p', join(root, 'tsconfig.json'), '--outDir', outDir, '--noEmitOnError']
  const whole = ['--incremental', 'false', '--tsBuildInfoFile', 'null']
  try {
    await execute(process.execPath, [compiler, ...flags, ...whole], {
      cwd: root,
      timeout: COMPILE_TIMEOUT_MS,
      maxBuffer: OUTPUT_BYTES_MAX,
    })
  } catch (error) {
    const output = `${error.stdout ?? ''}\n${error.stderr ?? ''}`.trim() || error.message
    const shown = output.split('\n').slice(0, OUTPUT_LINES_SHOWN).join('\n  ')
    throw new SetupError(
      `the sources do not compile:\n  ${shown}`,
      'mend them, or check out a release',
    )
  }
}

/** What is no TypeScript (pages, scripts for Redis, data) goes along as it is. */
function copyAssets(from, to) {
  for (const path of filesBelow(from)) {
    if (path.endsWith('.ts')) continue
    mkdirSync(dirname(join(to, path)), { recursive: true })
    copyFileSync(join(from, path), join(to, path))
  }
}

/** Changes when a source, a setting of the compiler or the compiler itself does. */
function sourceDigest(root) {
  const hash = createHash('sha256')
  const sources = filesBelow(join(root, 'src')).map((path) => join('src', path))
  const pages = filesBelow(join(root, 'console')).map((path) => join('console', path))
  const scripts = ['build', 'build-asn', 'build-console'].map((name) => `scripts/${name}.mjs`)
  const settings = ['tsconfig.json', 'package-lock.json', ...scripts]
  for (const path of [...sources, ...pages, ...settings]) {
    const file = join(root, path)
    if (!existsSync(file)) continue
    const bytes = readFileSync(file)
    hash.update(`${path}\0${bytes.length}\0`).update(bytes)
  }
  return hash.digest('hex')
}

/** Paths relative to the folder, in an order that does not depend on the disk. */
function filesBelow(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort()
}

function sizesText({ script, editor }) {
  const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KB`
  return `console: ${kilobytes(script)} of script compressed; the editor ${kilobytes(editor)}, when it is opened`
}

function removeLeftovers(root) {
  for (const name of readdirSync(root)) {
    const path = join(root, name)
    if (!name.startsWith(TEMPORARY_PREFIX)) continue
    if (Date.now() - statSync(path).mtimeMs > LEFTOVER_AGE_MS) rmSync(path, { recursive: true })
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const sizes = await build()
    if (sizes !== undefined) console.log(sizesText(sizes))
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    console.error(`${error.message}\n${error.remedy}`)
    process.exitCode = 1
  }
}
