// Owns the configuration file: finding it, reading it as JSON with comments, filling in `${…}`,
// and where in it a problem is. What keys mean is config.ts.
import { readFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import {
  findNodeAtLocation,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser'
import { type Config, type Env, parseConfig } from './config.ts'
import type { Problem } from './core/problem.ts'
import { isObject, pointerTo } from './core/shape.ts'

export const CONFIG_FILE_DEFAULT = 'tocsin.config.json'

export type LoadedConfig = {
  /** Undefined when there is an error among the problems. */
  readonly config: Config | undefined
  readonly problems: readonly Problem[]
  /** The file that was read; undefined when there is none. */
  readonly file: string | undefined
}

/**
 * Loads the file named by the caller, by TOCSIN_CONFIG, or tocsin.config.json in `cwd` if there is
 * one. Only a file that was named has to exist.
 */
export async function loadConfig(options: {
  readonly env: Env
  readonly cwd: string
  readonly file?: string | undefined
}): Promise<LoadedConfig> {
  const { env, cwd } = options
  const named = options.file ?? env['TOCSIN_CONFIG']?.trim()
  const name = named || CONFIG_FILE_DEFAULT
  const path = isAbsolute(name) ? name : join(cwd, name)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (!named && (error as NodeJS.ErrnoException).code === 'ENOENT') {
      return { ...parseConfig(undefined, env), file: undefined }
    }
    const { code } = error as NodeJS.ErrnoException
    const message = code === 'ENOENT' ? 'there is no such file' : `can't be read (${code})`
    const problem = problemAt('', `${message}: check --config or TOCSIN_CONFIG`, name)
    return { config: undefined, problems: [problem], file: name }
  }
  return { ...(await parseConfigText(text, env, { name, cwd })), file: name }
}

async function parseConfigText(
  text: string,
  env: Env,
  { name, cwd }: { readonly name: string; readonly cwd: string },
): Promise<Pick<LoadedConfig, 'config' | 'problems'>> {
  const errors: ParseError[] = []
  const tree = parseTree(text, errors, { allowTrailingComma: true })
  if (errors.length > 0 || tree === undefined) {
    const problems = errors.map((error) => {
      const message = `no JSON: ${printParseErrorCode(error.error)}`
      return { ...problemAt('', message, name), ...positionOf(text, error.offset) }
    })
    return { config: undefined, problems }
  }
  const filled: Problem[] = []
  const value = await fillIn(valueOf(tree), '', { env, cwd, problems: filled })
  const { config, problems } = parseConfig(value, env)
  // What could not be filled in is no value: nothing else can be said about it.
  const rest = problems.filter(({ pointer }) => !filled.some((one) => one.pointer === pointer))
  const placed = [...filled, ...rest].map((problem) => place(problem, text, tree, name))
  return { config: filled.length > 0 ? undefined : config, problems: placed }
}

type Filling = { readonly env: Env; readonly cwd: string; readonly problems: Problem[] }

/** Replaces `"${NAME}"` and `"${file:/path}"`: a whole string, never a part of one. */
async function fillIn(value: unknown, pointer: string, filling: Filling): Promise<unknown> {
  if (typeof value === 'string') return fillInText(value, pointer, filling)
  if (Array.isArray(value)) {
    return Promise.all(value.map((item, at) => fillIn(item, pointerTo(pointer, at), filling)))
  }
  if (!isObject(value)) return value
  const members = Object.entries(value).map(async ([key, member]) => [
    key,
    await fillIn(member, pointerTo(pointer, key), filling),
  ])
  return Object.fromEntries(await Promise.all(members))
}

async function fillInText(text: string, pointer: string, filling: Filling): Promise<string> {
  const reference = /^\$\{(file:)?([^}]+)\}$/.exec(text)
  if (reference === null) return text
  const [, isFile, name = ''] = reference
  if (isFile === undefined) {
    const set = filling.env[name]
    if (set !== undefined && set !== '') return set
    filling.problems.push(problemAt(pointer, `the variable ${name} is not set: set it`))
    return text
  }
  try {
    const path = isAbsolute(name) ? name : join(filling.cwd, name)
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    filling.problems.push(problemAt(pointer, `the file ${name} can't be read (${code})`))
    return text
  }
}

function problemAt(pointer: string, message: string, file?: string): Problem {
  return { level: 'error', pointer, message, ...(file === undefined ? {} : { file }) }
}

/** Adds file, line and column: of the place itself, else of the nearest one around it. */
function place(problem: Problem, text: string, tree: Node, file: string): Problem {
  if (problem.file !== undefined) return problem
  const keys = problem.pointer.split('/').slice(1).map(unescapeKey)
  for (let length = keys.length; length >= 0; length -= 1) {
    const node = findNodeAtLocation(tree, keys.slice(0, length).map(asSegment))
    if (node !== undefined) return { ...problem, file, ...positionOf(text, node.offset) }
  }
  return { ...problem, file }
}

function unescapeKey(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~')
}

function asSegment(key: string): string | number {
  return /^[0-9]+$/.test(key) ? Number(key) : key
}

function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: (before.at(-1) as string).length + 1 }
}

/** The plain value of a node; a key given twice keeps the last, as JSON.parse does. */
function valueOf(node: Node): unknown {
  if (node.type === 'array') return node.children?.map(valueOf) ?? []
  if (node.type !== 'object') return node.value
  const members = (node.children ?? []).map(({ children }) => {
    const [key, member] = children as [Node, Node]
    return [key.value as string, valueOf(member)] as const
  })
  return Object.fromEntries(members)
}
