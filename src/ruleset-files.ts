// Owns which files make up a rule set and their text. What is in them: ruleset.ts.
import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import type { Problem } from './core/problem.ts'
import { suggestName } from './core/suggest.ts'

export type FileRole = 'rule' | 'list' | 'conditions' | 'overrides'

/** One file of a rule set; `name` is its base name without `.json`. */
export type RuleFile = {
  readonly role: FileRole
  readonly name: string
  /** As messages show it: the folder as it was given, and the way from there. */
  readonly path: string
  readonly text: string
}

export type RuleFiles = {
  readonly files: readonly RuleFile[]
  /** Files that can't be read, or whose name says that they are something unknown. */
  readonly problems: readonly Problem[]
  /** Hash of names and contents: the same for the same rules, wherever they lie. */
  readonly version: string
}

/** A folder of rules can't be read: nothing can be said about the rules in it. */
export class RuleFolderError extends Error {
  override readonly name = 'RuleFolderError'
  readonly code = 'rule-folder'
  readonly retryable = true
  readonly folder: string

  constructor(folder: string, cause: unknown) {
    super(`read the rules folder ${folder}: ${reasonOf(cause)}`, { cause })
    this.folder = folder
  }
}

/** Folders below folders: themes need two or three, a link to a parent would never end. */
const DEPTH_MAX = 8

/** Files of all folders: far more than any known collection of rules for one log. */
const FILES_MAX = 20_000

/** Characters of a rule or shared file; a list may be large. */
const TEXT_BYTES_MAX = 1_048_576
const LIST_BYTES_MAX = 67_108_864

/** Files read together: waiting for each would take longer than reading it. */
const READ_AT_ONCE = 64

/** Hexadecimal characters of a version: 48 bits, short enough for a log line. */
const VERSION_LENGTH = 12

const SHARED_FILES: ReadonlyMap<string, FileRole> = new Map([
  ['_conditions.json', 'conditions'],
  ['_overrides.json', 'overrides'],
])

type Found = {
  readonly role: FileRole
  readonly path: string
  /** The way from its folder, so that the version does not depend on where the folder lies. */
  readonly key: string
  /** Changes whenever the file is written, as far as can be told without reading it. */
  readonly stamp: string
  readonly bytes: number
}

/** Reads all files of the folders, in order of folder and name. Throws RuleFolderError. */
export async function readRuleFiles(folders: readonly string[]): Promise<RuleFiles> {
  const problems: Problem[] = []
  const found = await findAll(folders, problems)
  if (found.length > FILES_MAX) {
    problems.push(fault('', `${found.length} files, at most ${FILES_MAX} are read`))
  }
  const hash = createHash('sha256')
  const files: RuleFile[] = []
  const wanted = found.slice(0, FILES_MAX)
  for (let from = 0; from < wanted.length; from += READ_AT_ONCE) {
    const some = wanted.slice(from, from + READ_AT_ONCE)
    const texts = await Promise.all(some.map((file) => readText(file, problems)))
    for (const [index, { role, path, key }] of some.entries()) {
      const text = texts[index]
      if (text === undefined) continue
      hash.update(JSON.stringify([key, text]))
      files.push({ role, name: basename(path, '.json'), path, text })
    }
  }
  return { files, problems, version: hash.digest('hex').slice(0, VERSION_LENGTH) }
}

/**
 * A stamp that changes when a file of the folders does, and how many files there are. Reads none of
 * them. Throws RuleFolderError.
 */
export async function stampRuleFiles(
  folders: readonly string[],
): Promise<{ readonly stamp: string; readonly files: number }> {
  const found = await findAll(folders, [])
  const stamp = JSON.stringify(found.map(({ key, stamp: one }) => [key, one]))
  return { stamp, files: found.length }
}

async function findAll(folders: readonly string[], problems: Problem[]): Promise<readonly Found[]> {
  const found: Found[] = []
  for (const [index, folder] of folders.entries()) {
    const inside = await findFiles(folder, problems)
    found.push(
      ...inside.map((file) => ({ ...file, key: `${index}/${relative(folder, file.path)}` })),
    )
    if (!inside.some((file) => file.role === 'rule')) {
      problems.push(warning(folder, 'there is no rule in this folder'))
    }
  }
  return found
}

type Inside = Omit<Found, 'key'>

async function findFiles(folder: string, problems: Problem[]): Promise<readonly Inside[]> {
  try {
    return await walk(folder, { problems, depth: 0, inLists: false })
  } catch (error) {
    throw new RuleFolderError(folder, error)
  }
}

type Level = {
  readonly problems: Problem[]
  readonly depth: number
  readonly inLists: boolean
}

async function walk(folder: string, level: Level): Promise<readonly Inside[]> {
  const names = (await readdir(folder)).sort()
  const found: Inside[] = []
  for (const name of names) {
    // Names with a dot are editors' and Kubernetes' own, such as `..data`.
    if (name.startsWith('.')) continue
    const path = join(folder, name)
    // Follows links: mounted configuration consists of them. What vanished meanwhile is not there.
    const stats = await stat(path).catch(() => undefined)
    if (stats?.isDirectory()) found.push(...(await walkInto(path, name, level)))
    else if (stats?.isFile() && name.endsWith('.json')) {
      const role = level.inLists ? 'list' : roleOf(name, path, level.problems)
      const bytes = stats.size
      const stamp = `${bytes}.${stats.mtimeMs}.${stats.ctimeMs}.${stats.ino}`
      if (role !== undefined) found.push({ role, path, bytes, stamp })
    }
  }
  return found
}

async function walkInto(path: string, name: string, level: Level): Promise<readonly Inside[]> {
  if (name.startsWith('_') && name !== '_lists') {
    const message = `folders whose name begins with _ are not read${suggestName(name, ['_lists'])}`
    level.problems.push(warning(path, message))
    return []
  }
  if (level.depth >= DEPTH_MAX) {
    level.problems.push(fault(path, `more than ${DEPTH_MAX} folders deep: it is not read`))
    return []
  }
  const inLists = level.inLists || name === '_lists'
  return walk(path, { ...level, inLists, depth: level.depth + 1 })
}

function roleOf(name: string, path: string, problems: Problem[]): FileRole | undefined {
  if (!name.startsWith('_')) return 'rule'
  const role = SHARED_FILES.get(name)
  if (role === undefined) {
    const hint = suggestName(name, [...SHARED_FILES.keys()])
    problems.push(warning(path, `files whose name begins with _ are not rules: not read${hint}`))
  }
  return role
}

async function readText(
  { path, role, bytes }: Found,
  problems: Problem[],
): Promise<string | undefined> {
  const bytesMax = role === 'list' ? LIST_BYTES_MAX : TEXT_BYTES_MAX
  try {
    if (bytes <= bytesMax) return await readFile(path, 'utf8')
    problems.push(fault(path, `the file has ${bytes} bytes, at most ${bytesMax} are read`))
  } catch (error) {
    problems.push(fault(path, `the file can't be read: ${reasonOf(error)}`))
  }
  return undefined
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  ENOTDIR: 'it is no folder',
  EACCES: 'permission denied',
  ELOOP: 'its links go round in a circle',
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  return REASONS[code] ?? code
}

function fault(file: string, message: string): Problem {
  return { level: 'error', pointer: '', message, file }
}

function warning(file: string, message: string): Problem {
  return { level: 'warning', pointer: '', message, file }
}
