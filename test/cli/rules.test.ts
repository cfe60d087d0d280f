// The commands about rules, as a user types them: what they print and how they end.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { Command } from 'commander'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Cli, CommandError } from '../../src/cli/context.ts'
import { rulesCommand } from '../../src/cli/rules.ts'
import { formatTable } from '../../src/cli/table.ts'

const PROJECT = join(import.meta.dirname, '../..')

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tocsin-cli-'))
})

afterEach(() => {
  rmSync(root, { recursive: true })
})

const TESTS = [{ name: 'it alerts', alerts: 1, events: [{ user: 'ann', operation: 'delete' }] }]

function ruleOf(id: string, more: object = {}): object {
  const conditions = {
    all: [
      { fact: 'operation', operator: 'equal', value: 'delete' },
      { fact: 'user', operator: 'startsWith', value: id.slice(0, 1) },
    ],
  }
  return { id, title: `Rule ${id}`, severity: 'low', conditions, tests: TESTS, ...more }
}

function write(files: Readonly<Record<string, unknown>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    const text = typeof content === 'string' ? content : JSON.stringify(content)
    writeFileSync(join(root, path), text)
  }
}

type Ending = {
  readonly out: string
  readonly err: string
  readonly code: number
  readonly message: string
}

/** Runs `tocsin …` in the root folder. */
async function tocsin(line: string, more: Partial<Cli> = {}): Promise<Ending> {
  let out = ''
  let err = ''
  const cli: Cli = {
    stdin: Readable.from([]),
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
    .option('--json')
    .option('--quiet')
    .addCommand(rulesCommand(cli))
  try {
    await program.parseAsync(line.split(' '), { from: 'user' })
    return { out, err, code: 0, message: '' }
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    return { out, err, code: error.exitCode, message: error.message }
  }
}

describe('rules validate', () => {
  test('says that all is well', async () => {
    write({ 'rules/a.json': ruleOf('a'), 'rules/b.json': ruleOf('b') })
    expect(await tocsin('rules validate')).toEqual({
      out: '2 rules, no problems\n',
      err: '',
      code: 0,
      message: '',
    })
  })

  test('names every problem by its place, from the working folder', async () => {
    write({
      'rules/a.json': ruleOf('a', { severity: 'hihg', tests: undefined }),
      'rules/b.json': ruleOf('b', { id: 'x' }),
      'rules/c.json': ruleOf('c', { tests: undefined }),
    })
    const { out, code } = await tocsin('rules validate')
    expect(out.split('\n')).toEqual([
      'rules/a.json:1:39: /severity: unknown value "hihg", did you mean "high"?',
      'rules/b.json:1:7: /id: the id is "x", but the file is called b.json: they must be the same',
      'rules/c.json:1:1: /: warning: there is no test: nothing shows that the rule finds what it is for',
      '1 rule, 2 errors, 1 warning',
      '',
    ])
    expect(code).toBe(1)
  })

  test('a warning is no error, unless it is asked for', async () => {
    write({ 'rules/a.json': ruleOf('a', { tests: undefined }) })
    expect(await tocsin('rules validate')).toMatchObject({ code: 0 })
    expect(await tocsin('rules validate --strict')).toMatchObject({ code: 1 })
  })

  test('gives everything to programs', async () => {
    write({ 'rules/a.json': ruleOf('a', { severity: 'hihg' }) })
    const { out, code } = await tocsin('--json rules validate')
    expect(JSON.parse(out)).toEqual({
      rules: 0,
      problems: [
        {
          level: 'error',
          file: 'rules/a.json',
          line: 1,
          column: 39,
          pointer: '/severity',
          message: 'unknown value "hihg", did you mean "high"?',
        },
      ],
    })
    expect(code).toBe(1)
  })

  test('of a folder speaks of that folder', async () => {
    write({ 'rules/a.json': '{', 'other/b.json': ruleOf('b') })
    expect(await tocsin('rules validate other')).toMatchObject({ out: '1 rule, no problems\n' })
  })

  test('of a file speaks of that file, and knows the lists beside it', async () => {
    const inList = { all: [{ fact: 'user', operator: 'inList', value: 'admins' }] }
    write({
      'x/_lists/admins.json': { kind: 'values', items: ['ann'] },
      'x/users/a.json': ruleOf('a', { conditions: inList }),
      'x/users/b.json': '{',
      'rules/c.json': ruleOf('c', { conditions: inList }),
    })
    expect(await tocsin('rules validate x/users/a.json')).toMatchObject({ code: 0 })
    expect(await tocsin('rules validate x/users/b.json')).toMatchObject({ code: 1 })
    expect(await tocsin('rules validate rules/c.json')).toMatchObject({
      code: 1,
      out: expect.stringContaining('there is no list "admins"') as string,
    })
  })

  test('of nothing is wrong use', async () => {
    expect(await tocsin('rules validate nowhere')).toMatchObject({
      code: 2,
      message: 'there is no file or folder nowhere',
    })
    expect(await tocsin('rules validate --rules nowhere')).toMatchObject({
      code: 2,
      message: `read the rules folder ${join(root, 'nowhere')}: it does not exist`,
    })
  })

  test('knows the schedules and the folders of the configuration', async () => {
    const conditions = { all: [{ fact: 'time', operator: 'inSchedule', value: 'office' }] }
    write({
      'mine/a.json': ruleOf('a', { conditions }),
      'tocsin.config.json': { rules: ['mine'], schedules: { office: { days: ['mon-fri'] } } },
    })
    expect(await tocsin('rules validate')).toMatchObject({ out: '1 rule, no problems\n', code: 0 })
  })

  test('knows today in the time zone of the configuration', async () => {
    const conditions = { all: [{ fact: 'user', operator: 'equal', value: 'bot' }] }
    const exceptions = [{ name: 'x', expires: '2026-11-20', conditions }]
    write({ 'rules/a.json': ruleOf('a', { exceptions }) })
    expect(await tocsin('rules validate --strict')).toMatchObject({ code: 0 })
    write({ 'tocsin.config.json': { timezone: 'Pacific/Kiritimati' } })
    expect(await tocsin('rules validate --strict')).toMatchObject({ code: 1 })
  })
})

describe('rules list', () => {
  test('shows what runs, and what is off', async () => {
    write({
      'rules/abc.json': ruleOf('abc', { severity: 'critical' }),
      'rules/b.json': ruleOf('b', { detect: { kind: 'travel' } }),
      'rules/c.json': ruleOf('c', { status: 'disabled' }),
      'rules/d.json': ruleOf('d', { status: 'staged' }),
    })
    const { out, err } = await tocsin('rules list')
    expect(out.split('\n')).toEqual([
      'ID   SEVERITY  STATUS    STATE    TITLE',
      'abc  critical  active    running  Rule abc',
      'b    low       active    running  Rule b',
      'c    low       disabled  off      Rule c',
      'd    low       staged    running  Rule d',
      '',
    ])
    expect(err).toBe('')
  })

  test('says that something is missing', async () => {
    write({ 'rules/a.json': ruleOf('a'), 'rules/b.json': '{' })
    const { out, err, code } = await tocsin('rules list')
    expect(out).toContain('Rule a')
    expect(err).toBe('1 error in the rules, see tocsin rules validate\n')
    expect(code).toBe(0)
  })

  test('gives everything to programs', async () => {
    write({ 'rules/a.json': ruleOf('a', { tags: ['x'] }) })
    const { out } = await tocsin('rules list --json')
    expect(JSON.parse(out)).toEqual({
      version: expect.stringMatching(/^[0-9a-f]{12}$/) as string,
      rules: [
        {
          id: 'a',
          title: 'Rule a',
          severity: 'low',
          status: 'active',
          state: 'running',
          detect: null,
          tags: ['x'],
          tests: 1,
        },
      ],
    })
  })
})

describe('rules new', () => {
  test('writes a rule that loads without a warning and has tests', async () => {
    mkdirSync(join(root, 'rules'))
    expect(await tocsin('rules new user-gone')).toMatchObject({
      out: 'rules/user-gone.json\n',
      code: 0,
    })
    expect(await tocsin('rules validate --strict')).toMatchObject({ out: '1 rule, no problems\n' })
    expect(await tocsin('rules test')).toMatchObject({
      out: '2 tests of 1 rule: 2 passed, 0 failed\n',
      code: 0,
    })
    expect(JSON.parse(readFileSync(join(root, 'rules/user-gone.json'), 'utf8'))).toMatchObject({
      id: 'user-gone',
      status: 'staged',
    })
  })

  test('writes it as the formatter of this project does', async () => {
    await tocsin('rules new user-gone --rules rules')
    const written = readFileSync(join(root, 'rules/user-gone.json'), 'utf8')
    const biome = join(PROJECT, 'node_modules/@biomejs/biome/bin/biome')
    const formatted = execFileSync(
      process.execPath,
      [biome, 'format', '--stdin-file-path=rules/user-gone.json'],
      { cwd: PROJECT, input: written, encoding: 'utf8' },
    )
    expect(written).toBe(formatted)
  })

  test('makes the folder that is named', async () => {
    expect(await tocsin('rules new x --rules mine')).toMatchObject({ out: 'mine/x.json\n' })
  })

  test('does not write over a rule', async () => {
    write({ 'rules/a.json': 'mine' })
    expect(await tocsin('rules new a')).toMatchObject({ code: 1 })
    expect(readFileSync(join(root, 'rules/a.json'), 'utf8')).toBe('mine')
  })

  test.each(['Bad', '../a', '-', 'x'.repeat(81)])('refuses the id %s', async (id) => {
    mkdirSync(join(root, 'rules'))
    expect(await tocsin(`rules new ${id === '-' ? '-- -' : id}`)).toMatchObject({ code: 2 })
  })

  test('does not write among the rules that come with the program', async () => {
    expect(await tocsin('rules new a')).toMatchObject({
      code: 2,
      message: expect.stringMatching(/^the first folder of rules is .*, not below here$/) as string,
    })
  })
})

describe('rules coverage', () => {
  beforeEach(() => {
    write({
      'rules/a.json': ruleOf('a', { tags: ['attack.t1485', 'attack.impact'] }),
      'rules/b.json': ruleOf('b', {
        tags: ['attack.t1485', 'attack.t1078.004'],
        detect: { kind: 'travel' },
      }),
      'rules/c.json': ruleOf('c', { tags: ['attack.t1136'], status: 'disabled' }),
      'rules/d.json': ruleOf('d'),
    })
  })

  test('names the rules of each technique', async () => {
    const { out } = await tocsin('rules coverage')
    expect(out.split('\n')).toEqual([
      'TECHNIQUE  RULES  WHICH',
      'T1078.004  1      b',
      'T1485      2      a, b',
      '2 techniques; 1 rule without a technique',
      '',
    ])
  })

  test('gives everything to programs', async () => {
    const { out } = await tocsin('rules coverage --json')
    expect(JSON.parse(out)).toEqual({
      techniques: [
        { technique: 'T1078.004', rules: ['b'] },
        { technique: 'T1485', rules: ['a', 'b'] },
      ],
      tactics: ['impact'],
    })
  })

  test('is a layer for the Navigator', async () => {
    const { out } = await tocsin('rules coverage --navigator')
    expect(JSON.parse(out)).toMatchObject({
      domain: 'enterprise-attack',
      versions: { layer: '4.5' },
      gradient: { minValue: 0, maxValue: 2 },
      techniques: [
        { techniqueID: 'T1078.004', score: 1, comment: 'b' },
        { techniqueID: 'T1485', score: 2, comment: 'a, b' },
      ],
    })
  })
})

describe('rules explain', () => {
  const entry = {
    '@uuid': 'e-1',
    meta: { time: '2026-11-20T09:00:00Z' },
    principal: { identity: { username: 'ann\u202e' } },
    event: { type: 'RequestAccepted', resources: [{ type: 'user', action: ['sec.user.delete'] }] },
  }

  beforeEach(() => {
    const conditions = { all: [{ fact: 'user', operator: 'endsWith', value: 'n' }] }
    write({
      'rules/a.json': ruleOf('a', { exceptions: [{ name: 'admins', conditions }] }),
      'rules/b.json': ruleOf('b'),
      'rules/c.json': '{',
      'entry.json': JSON.stringify(entry, undefined, 2),
      'answer.json': { hits: { hits: [{ _source: entry }, { _source: entry }] } },
      'lines.ndjson': `${JSON.stringify(entry)}\n\n${JSON.stringify(entry)}\n`,
    })
  })

  test('shows each condition with what was found, and draws nothing an entry can forge', async () => {
    const { out, code } = await tocsin('rules explain a --entry entry.json')
    expect(out.split('\n')).toEqual([
      'a: Rule a',
      'e-1 matches',
      '  ✓ all',
      '    ✓ operation equal "delete", found "delete"',
      '    ✓ user startsWith "a", found "ann\\u{202e}"',
      'exceptions:',
      '  ✗ all (admins)',
      '    ✗ user endsWith "n", found "ann\\u{202e}"',
      '',
      '',
    ])
    expect(code).toBe(0)
  })

  test('says what keeps a rule from matching', async () => {
    const { out } = await tocsin('rules explain b --entry entry.json')
    expect(out).toContain('e-1 does not match\n')
    expect(out).toContain('✗ user startsWith "b", found "ann')
  })

  test.each(['answer.json', 'lines.ndjson'])('takes every entry of %s', async (file) => {
    const { out } = await tocsin(`rules explain a --json --entry ${file}`)
    const lines = out.trim().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      {
        rule: 'a',
        id: 'e-1',
        verdict: true,
        why: { kind: 'all' },
        exceptions: [{ verdict: false }],
      },
      { rule: 'a', id: 'e-1', verdict: true },
    ])
  })

  test('reads stdin', async () => {
    const stdin = Readable.from([JSON.stringify(entry)])
    expect(await tocsin('rules explain a --entry -', { stdin })).toMatchObject({ code: 0 })
  })

  test.each<[string, string, number, string]>([
    [
      'a rule that is not there',
      'aa --entry entry.json',
      2,
      'there is no rule "aa", did you mean "a"?',
    ],
    ['a rule with errors', 'c --entry entry.json', 1, 'the rule c has errors (above)'],
    ['a file that is not there', 'a --entry gone.json', 2, "gone.json can't be read (ENOENT)"],
  ])('%s', async (_, line, code, message) => {
    expect(await tocsin(`rules explain ${line}`)).toMatchObject({ code, message })
  })

  test('a file that holds no entry', async () => {
    write({ 'text.json': 'no json', 'list.json': '[]', 'empty.json': { hits: { hits: [] } } })
    for (const file of ['text.json', 'list.json', 'empty.json']) {
      const ending = await tocsin(`rules explain a --entry ${file}`)
      expect(ending.code).toBe(2)
      expect(ending.message).toMatch(new RegExp(`^${file} holds no entry`))
    }
  })
})

describe('tables', () => {
  const rows = [
    ['A', 'TITLE'],
    ['abc', 'a long title'],
  ]
  test('fit the terminal by cutting the last column', () => {
    const lines = formatTable(rows, { isTTY: true, columns: 16 }).split('\n')
    expect(lines).toEqual(['A    TITLE', 'abc  a long tit…', ''])
  })
  test('are whole where nobody reads along', () => {
    expect(formatTable(rows, { columns: 16 })).toBe('A    TITLE\nabc  a long title\n')
  })
})

test('every command about rules has help with an example', () => {
  const cli = {} as Cli
  const commands = rulesCommand(cli).commands
  expect(commands.map((command) => command.name())).toEqual([
    'validate',
    'test',
    'list',
    'new',
    'explain',
    'coverage',
    'promote',
  ])
  for (const command of commands) {
    let help = ''
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp()
    expect(help).toContain(`Example:\n  tocsin rules ${command.name()}`)
  }
})
