// Owns following a page of the documentation from top to bottom: its files are written to a folder,
// its quick commands run there, and what they print is compared with what it shows.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import { CommandError } from '../src/cli/context.ts'
import { createProgram } from '../src/cli/program.ts'
import {
  argumentsOf,
  type Block,
  fileNameOf,
  nameOf,
  pageOf,
  shellLines,
  splitShell,
} from './markdown.ts'
import { silentCli } from './silent-cli.ts'

export type Walk = {
  readonly folder: string
  /** Commands that end by themselves and need no service; others are not run. */
  readonly quick: readonly string[]
}

/** Follows a page; how many of its console blocks were compared. */
export async function followPage(path: string, walk: Walk): Promise<number> {
  const env: Record<string, string> = {}
  let compared = 0
  for (const block of pageOf(path).blocks) {
    const file = fileNameOf(block)
    if (file !== undefined) writeFile(join(walk.folder, file), `${block.text}\n`)
    if (block.language === 'console' && block.marker !== 'varies') {
      const printed = await printedBy(block, env, walk)
      expect(`${nameOf(block)}\n${printed}`).toBe(`${nameOf(block)}\n${block.text}`)
      compared += 1
    } else for (const words of splitShell(shellLines(block))) addVariables(words, env)
  }
  return compared
}

function writeFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

function addVariables(words: readonly string[], env: Record<string, string>): void {
  if (words[0] !== 'export') return
  for (const word of words.slice(1)) {
    const [name = '', ...value] = word.split('=')
    env[name] = value.join('=')
  }
}

/** A console block with what its commands print now. */
async function printedBy(
  block: Block,
  env: Record<string, string>,
  { folder, quick }: Walk,
): Promise<string> {
  let screen = ''
  for (const line of block.text.split('\n').filter((text) => text.startsWith('$ '))) {
    screen += `${line}\n`
    const [words = []] = splitShell(line.slice(2))
    addVariables(words, env)
    if (words[0] === 'rm') for (const path of words.slice(1)) rmSync(join(folder, path))
    const args = argumentsOf(words)
    if (args === undefined || !quick.includes(args[0] ?? '')) continue
    const write = (text: string) => (screen += text)
    const cli = silentCli({ stdout: { write }, stderr: { write }, env, cwd: folder })
    const program = await createProgram(cli, args)
    await program.parseAsync(args, { from: 'user' }).catch((error: unknown) => {
      if (!(error instanceof CommandError)) throw error
      if (error.message !== '') write(`tocsin: ${error.message}\n`)
      if (error.remedy !== undefined) write(`        ${error.remedy}\n`)
    })
  }
  return screen.trimEnd()
}
