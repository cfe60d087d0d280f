// `tocsin match` as a user types it: lines in, lines out, and how it ends.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { Command } from 'commander'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Cli, CommandError } from '../../src/cli/context.ts'
import { matchCommand } from '../../src/cli/match.ts'
import { entryId } from '../../src/core/entry-id.ts'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tocsin-match-'))
  write({
    'rules/deleted.json': rule('deleted', [
      { fact: 'operation', operator: 'equal', value: 'delete' },
    ]),
    'rules/mallory.json': rule('mallory', [{ fact: 'user', operator: 'equal', value: 'mallory' }]),
    'rules/other-log.json': rule('other-log', [
      { fact: 'entry', path: '$.level', operator: 'equal', value: 'bad' },
    ]),
  })
})

afterEach(() => {
  rmSync(root, { recursive: true })
})

function rule(id: string, all: readonly object[], more: object = {}): object {
  return { id, title: id, severity: 'low', conditions: { all }, ...more }
}

function write(files: Readonly<Record<string, unknown>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    const text = typeof content === 'string' ? content : JSON.stringify(content)
    writeFileSync(join(root, path), text)
  }
}

const entry = (id: string | undefined, user: string, action: string) => ({
  ...(id === undefined ? {} : { '@uuid': id }),
  meta: { time: '2026-11-20T09:14:07.394Z' },
  principal: { identity: { username: user } },
  event: { type: 'RequestAccepted', param: { action, uri: '/cloudapi/v6/snapshots/1' } },
})

type Ending = {
  readonly out: readonly unknown[]
  readonly err: string
  readonly code: number
  readonly message: string
}

type Given = Partial<Omit<Cli, 'stdin'>> & { readonly stdin?: string | Readable }

async function match(args: string, { stdin = '', ...more }: Given = {}): Promise<Ending> {
  let out = ''
  let err = ''
  const cli: Cli = {
    stdin: typeof stdin === 'string' ? Readable.from([Buffer.from(stdin)]) : stdin,
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    env: {},
    cwd: root,
    clock: { now: () => Date.parse('2026-11-20T12:00:00Z'), sleep: async () => {} },
    signal: new AbortController().signal,
    ...more,
  }
  const program = new Command('tocsin')
    .option('--config <file>')
    .option('--rules <dir...>')
    .option('--quiet')
    .addCommand(matchCommand(cli))
  const ending = () => ({
    out: out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
    err,
  })
  try {
    await program.parseAsync(['match', ...args.split(' ').filter(Boolean)], { from: 'user' })
    return { ...ending(), code: 0, message: '' }
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    return { ...ending(), code: error.exitCode, message: error.message }
  }
}

const lines = (...values: unknown[]) =>
  values.map((value) => `${typeof value === 'string' ? value : JSON.stringify(value)}\n`).join('')

describe('match', () => {
  test('prints the line, the id and the rules of each entry that matched', async () => {
    const stdin = lines(
      entry('e-1', 'ann', 'DELETE'),
      entry('e-2', 'ann', 'GET'),
      '',
      entry('e-3', 'mallory', 'DELETE'),
    )
    const { out, err, code } = await match('', { stdin })
    expect(out).toEqual([
      { line: 1, id: 'e-1', rules: ['deleted'] },
      { line: 4, id: 'e-3', rules: ['deleted', 'mallory'] },
    ])
    expect(err).toBe('2 of 3 entries matched\n')
    expect(code).toBe(0)
  })

  const bare = entry('x', 'mallory', 'GET')
  test.each([
    ['an entry', bare, 1],
    ['a hit of the API', { _source: bare }, 1],
    ['a whole answer', { hits: { total: 2, hits: [{ _source: bare }, { _source: bare }] } }, 2],
    ['an answer without hits', { hits: { total: 0, hits: [] } }, 0],
    ['an object of another log', { level: 'bad' }, 1],
  ])('a line may be %s', async (_name, line, count) => {
    const { out, err } = await match('', { stdin: lines(line) })
    expect(out).toHaveLength(count)
    expect(err).toBe(`${count} of ${count} entries matched\n`)
  })

  test('an entry without an id of its own has the hash that the service gives it', async () => {
    const unnamed = entry(undefined, 'mallory', 'GET')
    const { out } = await match('', { stdin: lines(unnamed) })
    expect(out).toEqual([{ line: 1, id: entryId(unnamed, undefined), rules: ['mallory'] }])
  })

  test('a rule that asks for the id gets it', async () => {
    const unnamed = entry(undefined, 'ann', 'GET')
    const id = entryId(unnamed, undefined)
    write({ 'rules/by-id.json': rule('by-id', [{ fact: 'id', operator: 'equal', value: id }]) })
    const { out } = await match('', { stdin: lines(unnamed) })
    expect(out).toEqual([{ line: 1, id, rules: ['by-id'] }])
  })

  test('other logs name their time and id', async () => {
    write({
      'rules/evening.json': rule('evening', [
        { fact: 'hour', operator: 'greaterThan', value: 19 },
        { fact: 'entry', path: '$.level', operator: 'equal', value: 'bad' },
      ]),
    })
    const stdin = lines({ at: { ms: Date.UTC(2026, 0, 5, 20) }, no: 7, level: 'bad' })
    const { out } = await match('--time-field at.ms --id-field no', { stdin })
    expect(out).toEqual([{ line: 1, id: '7', rules: ['evening', 'other-log'] }])
  })

  test('lines that are no entry are told with their number, counted and skipped', async () => {
    const stdin = lines('{"a":', entry('e', 'mallory', 'GET'), '[1]', 'null', '   ')
    const { out, err, code } = await match('', { stdin })
    expect(out).toHaveLength(1)
    expect(err.split('\n')).toEqual([
      expect.stringMatching(/^stdin:1: no JSON: .*: skipped$/),
      'stdin:3: JSON, but no object: skipped',
      'stdin:4: JSON, but no object: skipped',
      '1 of 1 entries matched, 3 lines skipped',
      '',
    ])
    expect(code).toBe(0)
  })

  test('many such lines are not all told, and --strict makes them an error', async () => {
    const stdin = 'no\n'.repeat(50)
    const { err, code } = await match('--strict', { stdin })
    expect(err.match(/: skipped\n/g)).toHaveLength(20)
    expect(err).toContain('0 of 0 entries matched, 50 lines skipped\n')
    expect(code).toBe(1)
    expect(await match('--strict', { stdin: lines({}) })).toMatchObject({ code: 0 })
  })

  test('several files are read one after the other, each with its own line numbers', async () => {
    write({
      'a.ndjson': lines(entry('a', 'mallory', 'GET')),
      'b.ndjson': lines({}, entry('b', 'mallory', 'GET')),
    })
    const { out } = await match('a.ndjson - b.ndjson', {
      stdin: lines(entry('s', 'mallory', 'GET')),
    })
    expect(out).toMatchObject([
      { line: 1, id: 'a' },
      { line: 1, id: 's' },
      { line: 2, id: 'b' },
    ])
  })

  test.each([
    ['none.ndjson', "none.ndjson can't be read (ENOENT)"],
    ['rules', "rules can't be read (EISDIR)"],
    ['--time-field a..b -', '--time-field a..b: '],
    ['--rules nowhere -', 'read the rules folder'],
  ])('wrong use: %s', async (args, message) => {
    const ending = await match(args)
    expect(ending.message).toContain(message)
    expect(ending.code).toBe(2)
  })

  test('rules with errors are told and left out, of rules with windows the conditions count', async () => {
    write({
      'rules/faulty.json': rule('faulty', [{ fact: 'usr', operator: 'equal', value: 'a' }]),
      'rules/many.json': rule('many', [{ fact: 'user', operator: 'equal', value: 'mallory' }], {
        detect: { kind: 'threshold', count: 5, within: '10m' },
      }),
    })
    const { out, err } = await match('', { stdin: lines(entry('e', 'mallory', 'GET')) })
    expect(out).toEqual([{ line: 1, id: 'e', rules: ['mallory', 'many'] }])
    expect(err).toContain('did you mean "user"')
  })

  test('--quiet says only what went wrong', async () => {
    const { err } = await match('--quiet', { stdin: lines({}) })
    expect(err).toBe('')
  })

  test('schedules of the configuration are known', async () => {
    write({
      'tocsin.config.json': { schedules: { day: { timezone: 'UTC', hours: ['08:00-18:00'] } } },
      'rules/by-day.json': rule('by-day', [{ fact: 'time', operator: 'inSchedule', value: 'day' }]),
    })
    const { out } = await match('', { stdin: lines(entry('e', 'ann', 'GET')) })
    expect(out).toEqual([{ line: 1, id: 'e', rules: ['by-day'] }])
  })

  // The build puts the data on networks beside the program.
  const hasData = existsSync(join(import.meta.dirname, '../../dist/enrich/asn.bin'))

  test.runIf(hasData)('rules that ask where an address lies are told', async () => {
    const isThere = { fact: 'country', operator: 'equal', value: 'US' }
    write({ 'rules/us.json': rule('us', [isThere]) })
    const from = (sourceIP: string) => ({ principal: { sourceIP } })
    const { out } = await match('', { stdin: lines(from('8.8.8.8'), from('10.0.0.1')) })
    expect(out).toMatchObject([{ line: 1, rules: ['us'] }])
  })

  test('a terminal sees how far it is, and nothing of it stays', async () => {
    write({ 'a.ndjson': lines(...Array.from({ length: 100 }, () => entry('a', 'ann', 'GET'))) })
    let shown = ''
    await match('a.ndjson', {
      stderr: { isTTY: true, columns: 80, write: (text) => (shown += text) },
    })
    expect(shown).toContain('100 %  100 entries')
    expect(shown.endsWith('\r\u001b[2K0 of 100 entries matched\n')).toBe(true)
  })

  test('ends when asked to, also while it waits for the next line', async () => {
    const controller = new AbortController()
    const stdin = new Readable({ read: () => undefined })
    let running: Promise<unknown> | undefined
    stdin.push(lines(entry('e', 'mallory', 'GET')))
    await new Promise<void>((printed) => {
      const stdout = { write: () => printed() }
      running = match('', { stdin, signal: controller.signal, stdout })
      running.catch(() => undefined)
    })
    controller.abort(new Error('asked to stop'))
    await expect(running).rejects.toThrow('asked to stop')
  })
})
