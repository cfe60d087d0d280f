#!/usr/bin/env node
// Owns the start of the single file: unpacks what is behind it into the user's cache, once for each version, and
// runs that. The rest of this file is the archive.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { brotliDecompressSync } from 'node:zlib'

/** Of the archive: another one never meets these files. */
const DIGEST = '__DIGEST__'
const MARK = '\n//ARCHIVE:'
const NODE_MAJOR_MIN = 20
const FOLDER_MODE = 0o700
const WRITABLE_BY_OTHERS = 0o022
/** What earlier versions unpacked, 27 MB each: those last started are kept. */
const VERSIONS_MAX = 3
/** One that unpacks takes seconds; an older half-done folder is a crash's. */
const LEFTOVER_AGE_MS = 15 * 60_000
const UNPACKING = '.unpacking-'
const REMEDY = 'set TOCSIN_CACHE_DIR to a folder that only you may write to'

const { TOCSIN_CACHE_DIR, XDG_CACHE_HOME } = process.env
const cache = TOCSIN_CACHE_DIR || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'tocsin')

if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
  fail(`this is Node ${process.versions.node}`, `use Node ${NODE_MAJOR_MIN} or newer`)
}
const program = unpacked()
const { main } = await import(pathToFileURL(join(program, 'dist', 'main.js')).href)
await main()

/** The folder with this version, unpacked when it was not yet. */
function unpacked() {
  const folder = join(cache, DIGEST)
  try {
    mkdirSync(cache, { recursive: true, mode: FOLDER_MODE })
    refuseForeign(cache)
    if (!existsSync(folder)) unpack(folder)
    refuseForeign(folder)
  } catch (error) {
    fail(`can't unpack into ${cache}: ${error.message}`, REMEDY)
  }
  try {
    utimesSync(folder, new Date(), new Date())
    tidy()
  } catch {
    // A cache that was filled before and is read-only now.
  }
  return folder
}

/** Whoever else may write there could have us run what they like. */
function refuseForeign(folder) {
  const { uid, mode } = statSync(folder)
  if (process.getuid === undefined) return
  if (uid !== process.getuid() && uid !== 0) throw new Error(`${folder} belongs to somebody else`)
  if ((mode & WRITABLE_BY_OTHERS) !== 0) throw new Error(`others may write to ${folder}`)
}

/** All or nothing: a process that dies here leaves no half of a program, and two may do it at once. */
function unpack(folder) {
  const text = readFileSync(fileURLToPath(import.meta.url), 'latin1')
  const bytes = Buffer.from(text.slice(text.lastIndexOf(MARK) + MARK.length), 'base64')
  const whole = brotliDecompressSync(bytes)
  const listEnd = 4 + whole.readUInt32BE(0)
  const work = mkdtempSync(join(cache, UNPACKING))
  let from = listEnd
  for (const [path, length] of JSON.parse(whole.subarray(4, listEnd).toString())) {
    const file = join(work, path)
    mkdirSync(dirname(file), { recursive: true, mode: FOLDER_MODE })
    writeFileSync(file, whole.subarray(from, from + length))
    from += length
  }
  try {
    renameSync(work, folder)
  } catch (error) {
    rmSync(work, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
}

function tidy() {
  const entries = readdirSync(cache).map((name) => ({
    name,
    at: statSync(join(cache, name)).mtimeMs,
  }))
  const leftovers = entries.filter(
    ({ name, at }) => name.startsWith(UNPACKING) && Date.now() - at > LEFTOVER_AGE_MS,
  )
  const versions = entries.filter(({ name }) => /^[0-9a-f]{16}$/.test(name))
  const old = versions.sort((a, b) => b.at - a.at).slice(VERSIONS_MAX)
  for (const { name } of [...leftovers, ...old])
    rmSync(join(cache, name), { recursive: true, force: true })
}

function fail(reason, remedy) {
  process.stderr.write(`tocsin: ${reason}\n        ${remedy}\n`)
  process.exit(3)
}
