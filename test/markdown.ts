// Owns how tests see the documentation: pages with their fenced blocks, code spans and tables, and
// the commands in them. What they must hold is test/docs.test.ts and its neighbours.
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const ROOT = resolve(import.meta.dirname, '..')

/** One fenced block; `marker` is the HTML comment directly above it, without its brackets. */
export type Block = {
  readonly page: string
  readonly language: string
  readonly text: string
  /** Of the opening fence, from 1. */
  readonly line: number
  readonly marker: string
}

export type Page = {
  readonly path: string
  readonly blocks: readonly Block[]
  /** The page without its fenced blocks, as lines; lines of blocks are empty. */
  readonly prose: readonly string[]
}

/** Reads one page, named from the project's folder. Throws when a fence is never closed. */
export function readPage(path: string): Page {
  const lines = readFileSync(join(ROOT, path), 'utf8').split('\n')
  const blocks: Block[] = []
  const prose: string[] = []
  for (let at = 0; at < lines.length; at += 1) {
    const language = /^```(\S*)/.exec(lines[at] ?? '')?.[1]
    if (language === undefined) {
      prose.push(lines[at] ?? '')
      continue
    }
    const end = lines.indexOf('```', at + 1)
    if (end < 0) throw new Error(`${path}:${at + 1}: the block is never closed`)
    const text = lines.slice(at + 1, end).join('\n')
    blocks.push({ page: path, language, text, line: at + 1, marker: markerAbove(lines, at) })
    prose.push(...Array.from({ length: end - at + 1 }, () => ''))
    at = end
  }
  return { path, blocks, prose }
}

function markerAbove(lines: readonly string[], at: number): string {
  const above = lines.slice(0, at).findLast((line) => line.trim() !== '')
  return /^<!--\s*(.*?)\s*-->$/.exec(above ?? '')?.[1] ?? ''
}

/** The lines of prose from a heading to the next one of its level or above. */
export function section(page: Page, heading: string): readonly string[] {
  const start = page.prose.indexOf(heading)
  if (start < 0) throw new Error(`${page.path} has no heading ${JSON.stringify(heading)}`)
  const level = heading.indexOf(' ')
  const rest = page.prose.slice(start + 1)
  const end = rest.findIndex((line) => new RegExp(`^#{1,${level}} `).test(line))
  return end < 0 ? rest : rest.slice(0, end)
}

/** The code spans of one column (from 0) of all tables, row by row; header rows have none. */
export function codeInColumn(lines: readonly string[], column: number): readonly string[] {
  return lines
    .filter((line) => line.startsWith('|'))
    .flatMap((line) => codeSpans(line.replaceAll('\\|', '¦').split('|')[column + 1] ?? ''))
    .map((code) => code.replaceAll('¦', '|'))
}

export function codeSpans(line: string): readonly string[] {
  return [...line.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string)
}

/** A command line as words, with what stands between commands. Knows quotes, comments and `\`. */
export function splitShell(text: string): readonly (readonly string[])[] {
  const commands: string[][] = [[]]
  const tokens = text
    .replaceAll('\\\n', ' ')
    .matchAll(/[ \t]*(?:#[^\n]*|(\n|&&|\|\||[|;&])|((?:"[^"]*"|'[^']*'|[^\s"'|;&])+)|$)/g)
  for (const [, separator, word] of tokens) {
    if (separator !== undefined) commands.push([])
    else if (word !== undefined) commands.at(-1)?.push(word.replace(/"([^"]*)"|'([^']*)'/g, '$1$2'))
  }
  return commands.filter((words) => words.length > 0)
}

/** README.md and the pages of docs/, without those of its folders. */
export const PAGES: readonly Page[] = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
].map(readPage)

/** Throws when there is no such page. */
export function pageOf(path: string): Page {
  const page = PAGES.find((one) => one.path === path)
  if (page === undefined) throw new Error(`there is no page ${path}`)
  return page
}

export function nameOf(block: Block): string {
  return `${block.page}:${block.line}`
}

/** The blocks of all pages in one language, with their names. */
export function blocksOf(language: string): readonly [string, Block][] {
  return PAGES.flatMap(({ blocks }) => blocks)
    .filter((block) => block.language === language)
    .map((block) => [nameOf(block), block])
}

/** The file a block stands for: `<!-- file: PATH -->` above it. */
export function fileNameOf({ marker }: Block): string | undefined {
  return /^file: (\S+)$/.exec(marker)?.[1]
}

const PREFIXES = [['npx', 'tocsin'], ['tocsin'], ['npm', 'start', '--']]

/** The arguments of `tocsin`, when these words call it; variables before it are left out. */
export function argumentsOf(words: readonly string[]): readonly string[] | undefined {
  const first = words.findIndex((word) => !/^\w+=/.test(word))
  const command = words.slice(first < 0 ? words.length : first)
  const prefix = PREFIXES.find((names) => names.every((name, at) => command[at] === name))
  // What a shell redirects is none of our business.
  const end = command.findIndex((word) => /^\d?[<>]/.test(word))
  return prefix && command.slice(prefix.length, end < 0 ? undefined : end)
}

/** The commands of a block: all of `sh`, the lines with a prompt of `console`. */
export function shellLines({ language, text }: Block): string {
  if (language === 'sh') return text
  const lines = text.split('\n').filter((line) => line.startsWith('$ '))
  return lines.map((line) => line.slice(2)).join('\n')
}
