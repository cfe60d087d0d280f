// Commands whose reader ends first (`| head`) end quietly, and what is not needed is not loaded.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { COMMANDS } from '../../src/cli/commands.ts'
import { createProgram } from '../../src/cli/program.ts'
import { silentCli } from '../silent-cli.ts'

const MAIN = resolve(import.meta.dirname, '../../dist/main.js')
const RULES = resolve(import.meta.dirname, '../../rules')

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tocsin-test-'))
  const line = JSON.stringify({
    '@uuid': 'e',
    meta: { time: '2026-11-20T09:00:00Z' },
    event: { type: 'RequestAccepted', param: { action: 'DELETE', uri: '/cloudapi/v6/users/1' } },
  })
  writeFileSync(join(root, 'log.ndjson'), `${line}\n`.repeat(20_000))
  const conditions = { all: [{ fact: 'method', operator: 'equal', value: 'DELETE' }] }
  const rule = { id: 'deleted', title: 'deleted', severity: 'low', conditions }
  writeFileSync(join(root, 'deleted.json'), JSON.stringify(rule))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

type Ending = { readonly code: number | null; readonly err: string }

/** Runs a command and closes its output after the first bytes. */
async function headOf(args: readonly string[]): Promise<Ending> {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: root })
  let err = ''
  child.stderr.on('data', (data: Buffer) => {
    err += data.toString()
  })
  child.stdout.once('data', () => child.stdout.destroy())
  return await new Promise((done) => {
    child.once('close', (code) => done({ code, err }))
  })
}

describe('a command whose output nobody reads any more', () => {
  test.each([
    [['match', '--rules', '.', 'log.ndjson']],
    [['backtest', '--rules', '.', '--input', 'log.ndjson']],
    [['backtest', '--rules', '.', '--input', 'log.ndjson', '--json']],
    [['rules', 'list', '--rules', RULES]],
    [['rules', 'coverage', '--json', '--rules', RULES]],
    [['--help']],
  ])('%j ends quietly', async (args) => {
    const { code, err } = await headOf(args)
    expect(err).not.toMatch(/error|EPIPE|stack/i)
    expect(code).toBe(0)
  })
})

describe('the list of commands', () => {
  test('says of each what the command itself says', async () => {
    const program = await createProgram(silentCli())
    const said = program.commands.map((command) => [command.name(), command.description()])
    expect(said).toEqual(COMMANDS.map(({ name, description }) => [name, description]))
  })

  test.each([
    ['match big.ndjson', ['match']],
    ['--rules rules --config backtest match -', ['match']],
    ['help match', ['match']],
    ['--version', []],
  ])('of %j loads %j', async (line, expected) => {
    const program = await createProgram(silentCli(), line.split(' '))
    const loaded = program.commands.filter(({ options }) => options.length > 0)
    expect(loaded.map((command) => command.name())).toEqual(expected)
  })
})
