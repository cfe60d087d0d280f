// Owns the single file: everything that runs, the rules and the data, packed into one script that unpacks
// itself when it is first started. How it does that is single-file-launcher.mjs's matter.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants } from 'node:zlib'
import { rolldown } from 'rolldown'

const PROJECT = fileURLToPath(new URL('..', import.meta.url))
const LAUNCHER = join(PROJECT, 'scripts', 'single-file-launcher.mjs')
/** What is read from the disk beside the code, from the project's folder. */
const FOLDERS = ['dist/http/console', 'rules', 'schema', 'scenarios']
const FILES = ['dist/enrich/asn.bin', 'LICENSE', 'NOTICE', 'CHANGELOG.md']
const COUNTRIES = '@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb'
/** 9 would be half a percent smaller and take six times as long. */
const BROTLI_QUALITY = 6
const LEVELS_MAX = 6

/** Writes the single file from a project that is built; returns its size in bytes. */
export async function writeSingleFile(path) {
  const { code, packages } = await bundle()
  const files = new Map([...code, ...assets(), ['licenses.txt', licenses(packages)]])
  const archive = pack(files)
  const digest = createHash('sha256').update(archive).digest('hex')
  const launcher = readFileSync(LAUNCHER, 'utf8').replaceAll('__DIGEST__', digest.slice(0, 16))
  const text = `${launcher.trimEnd()}\n//ARCHIVE:${archive.toString('base64')}\n`
  writeFileSync(path, text, { mode: 0o755 })
  return text.length
}

/** The code of the program and of its threads, with all it imports, and the packages that are in it. */
async function bundle() {
  const build = await rolldown({
    input: { main: join(PROJECT, 'dist/main.js'), thread: join(PROJECT, 'dist/replay/thread.js') },
    platform: 'node',
    // Some packages have a 'main' that loads its parts by paths no bundler can follow.
    resolve: { mainFields: ['module', 'main'] },
    logLevel: 'silent',
  })
  try {
    const { output } = await build.generate({
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: '[name]-[hash].js',
    })
    const chunks = output.filter(({ type }) => type === 'chunk')
    const code = chunks.map((chunk) => [`dist/${chunk.fileName}`, Buffer.from(chunk.code)])
    return {
      code,
      packages: new Set(chunks.flatMap((chunk) => chunk.moduleIds.flatMap(packageOf))),
    }
  } finally {
    await build.close()
  }
}

/** [path in the archive, bytes]. */
function assets() {
  const { name, version, license } = JSON.parse(read('package.json'))
  const facts = { name, version, license, type: 'module' }
  const countries = createRequire(import.meta.url).resolve(COUNTRIES)
  const found = FOLDERS.flatMap((folder) =>
    readdirSync(join(PROJECT, folder), { recursive: true, encoding: 'utf8' })
      .map((path) => join(folder, path))
      .filter((path) => statSync(join(PROJECT, path)).isFile()),
  )
  return [
    ['package.json', Buffer.from(JSON.stringify(facts))],
    ...[...found, ...FILES].map((path) => [path.split(sep).join('/'), read(path)]),
    [`node_modules/${COUNTRIES}`, readFileSync(countries)],
    [
      `node_modules/${dirname(COUNTRIES)}/package.json`,
      readFileSync(join(dirname(countries), 'package.json')),
    ],
  ]
}

const read = (path) => readFileSync(join(PROJECT, path))

/** The folder of the package that a module belongs to; none for our own and what the bundler adds. */
function packageOf(module) {
  if (!module.includes(`${sep}node_modules${sep}`)) return []
  let folder = dirname(module)
  for (let level = 0; level < LEVELS_MAX; level += 1, folder = dirname(folder)) {
    const facts = join(folder, 'package.json')
    // Some packages have one more, without a name, to say how a folder of theirs is to be read.
    if (existsSync(facts) && JSON.parse(readFileSync(facts, 'utf8')).version) return [folder]
  }
  throw new Error(`no package.json above ${relative(PROJECT, module)}`)
}

function licenses(folders) {
  const texts = [...folders].sort(byName).map((folder) => {
    const { name, version, license } = JSON.parse(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    )
    const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one))
    const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8')
    return `${name} ${version} (${license})\n\n${text.trim()}\n`
  })
  return Buffer.from(texts.join(`\n${'-'.repeat(80)}\n\n`))
}

/** Brotli of: the length of the list (4 bytes), the list as JSON ([path, bytes] each), the files' bytes. */
function pack(files) {
  const list = Buffer.from(JSON.stringify([...files].map(([path, bytes]) => [path, bytes.length])))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(list.length)
  const whole = Buffer.concat([length, list, ...files.values()])
  return brotliCompressSync(whole, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: whole.length,
    },
  })
}

function byName(left, right) {
  return left < right ? -1 : 1
}
