// The tutorial is followed from top to bottom: its files are written, its quick commands run, and what
// they print is what it shows. Commands that need a service are only checked by test/docs.test.ts.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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

const folder = mkdtempSync(join(tmpdir(), 'tocsin-tutorial-'))
afterAll(() => rmSync(folder, { recursive: true }))

function writeFile(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

/** Commands of the tutorial that end by themselves and need no service. */
const QUICK = ['rules', 'match']

describe('docs/tutorial.md, followed from top to bottom,', () => {
  const page = pageOf('docs/tutorial.md')
  const home = process.cwd()
  // Some commands name files from where the process is.
  beforeAll(() => process.chdir(folder))
  afterAll(() => process.chdir(home))

  it('shows what its quick commands print', async () => {
    const env: Record<string, string> = {}
    let compared = 0
    for (const block of page.blocks) {
      const path = fileNameOf(block)
      if (path !== undefined) writeFile(path, `${block.text}\n`)
      if (block.language === 'console' && block.marker !== 'varies') {
        const printed = await printedBy(block, env)
        expect(`${nameOf(block)}\n${printed}`).toBe(`${nameOf(block)}\n${block.text}`)
        compared += 1
      } else for (const words of splitShell(shellLines(block))) addVariables(words, env)
    }
    expect(compared).toBe(4)
  })
})

function addVariables(words: readonly string[], env: Record<string, string>): void {
  if (words[0] !== 'export') return
  for (const word of words.slice(1)) {
    const [name = '', ...value] = word.split('=')
    env[name] = value.join('=')
  }
}

/** A console block with what its commands print now. */
async function printedBy(block: Block, env: Record<string, string>): Promise<string> {
  let screen = ''
  for (const line of block.text.split('\n').filter((text) => text.startsWith('$ '))) {
    screen += `${line}\n`
    const [words = []] = splitShell(line.slice(2))
    addVariables(words, env)
    if (words[0] === 'rm') for (const path of words.slice(1)) rmSync(join(folder, path))
    const args = argumentsOf(words)
    if (args === undefined || !QUICK.includes(args[0] ?? '')) continue
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
