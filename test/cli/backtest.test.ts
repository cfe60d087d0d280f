// `tocsin backtest` as a user types it: from files, from the API, and against other rules.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { Command } from 'commander'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { backtestCommand } from '../../src/cli/backtest.ts'
import { type Cli, CommandError } from '../../src/cli/context.ts'
import { silentLog } from '../../src/observe/log.ts'
import { silentScenario } from '../../src/simulator/scenario.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'

const NOW = Date.parse('2026-11-20T12:00:00Z')
const HOUR_MS = 3_600_000

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tocsin-test-'))
  mkdirSync(join(root, 'tmp'))
  vi.stubEnv('TMPDIR', join(root, 'tmp'))
  write({
    'rules/deleted.json': ruleOf('deleted', 'DELETE'),
    'rules/created.json': ruleOf('created', 'POST'),
    'log.ndjson': LOG,
  })
})

afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(root, { recursive: true })
})

function ruleOf(id: string, method: string, more: object = {}): object {
  const conditions = { all: [{ fact: 'method', operator: 'equal', value: method }] }
  return { id, title: id, severity: 'medium', conditions, alert: { quiet: '10m' }, ...more }
}

function write(files: Readonly<Record<string, unknown>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    const text = typeof content === 'string' ? content : JSON.stringify(content)
    writeFileSync(join(root, path), text)
  }
}

const entryOf = (id: string, minute: number, user: string, action: string) => ({
  '@uuid': id,
  meta: { time: new Date(NOW - HOUR_MS + minute * 60_000).toISOString() },
  principal: { identity: { username: user, contractNumber: 31720001 } },
  event: { type: 'RequestAccepted', param: { action, uri: '/cloudapi/v6/snapshots/1' } },
})

const ENTRIES = [
  entryOf('e-1', 0, 'ann', 'DELETE'),
  entryOf('e-2', 5, 'ann', 'DELETE'),
  entryOf('e-3', 30, 'ann', 'DELETE'),
  entryOf('e-4', 7, 'bob', 'POST'),
  entryOf('e-5', 8, 'eve', 'GET'),
  entryOf('e-2', 5, 'ann', 'DELETE'),
]

const LOG = ENTRIES.map((entry) => `${JSON.stringify({ _source: entry })}\n`).join('')

const ALERTS = [
  {
    rule: 'deleted',
    group: { user: 'ann' },
    first: '2026-11-20T11:00:00.000Z',
    last: '2026-11-20T11:05:00.000Z',
    count: 2,
    severity: 'medium',
  },
  {
    rule: 'created',
    group: { user: 'bob' },
    first: '2026-11-20T11:07:00.000Z',
    last: '2026-11-20T11:07:00.000Z',
    count: 1,
    severity: 'medium',
  },
  {
    rule: 'deleted',
    group: { user: 'ann' },
    first: '2026-11-20T11:30:00.000Z',
    last: '2026-11-20T11:30:00.000Z',
    count: 1,
    severity: 'medium',
  },
]

const RULES = [
  { id: 'created', matches: 1, detections: 1, alerts: 1 },
  { id: 'deleted', matches: 3, detections: 3, alerts: 2 },
]

type Ending = {
  readonly out: string
  readonly err: string
  readonly code: number
  readonly message: string
  readonly remedy: string | undefined
}

async function backtest(
  args: string | readonly string[],
  more: Partial<Cli> = {},
): Promise<Ending> {
  let out = ''
  let err = ''
  let now = NOW
  const cli: Cli = {
    stdin: Readable.from([Buffer.from(LOG)]),
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    env: { HOME: root, GIT_CONFIG_NOSYSTEM: '1' },
    cwd: root,
    // A quarter of a second passes with every look.
    clock: { now: () => (now += 250), sleep: async () => {} },
    signal: new AbortController().signal,
    ...more,
  }
  const program = new Command('tocsin')
    .option('--config <file>')
    .option('--rules <dir...>')
    .option('--json')
    .option('--quiet')
    .addCommand(backtestCommand(cli).exitOverride())
  try {
    const words = typeof args === 'string' ? args.split(' ').filter(Boolean) : args
    await program.parseAsync(['backtest', ...words], { from: 'user' })
    return { out, err, code: 0, message: '', remedy: undefined }
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    const { exitCode: code, message, remedy } = error
    return { out, err, code, message, remedy }
  }
}

const leftovers = () => readdirSync(join(root, 'tmp'))

describe('backtest', () => {
  test('tells everything to programs', async () => {
    const { out, err } = await backtest('--input log.ndjson --json')
    expect(JSON.parse(out)).toEqual({
      entries: 6,
      events: 5,
      alerts: ALERTS,
      rules: RULES,
      seconds: expect.any(Number),
    })
    expect(err).toBe('')
  })

  test('tells a person which rules raise what', async () => {
    const { out } = await backtest('--input log.ndjson')
    expect(out.replace(/\d+\.\d s\n/, '0.2 s\n')).toMatchInlineSnapshot(`
      "6 entries, 5 events, 2026-11-20 11:00 – 2026-11-20 11:30 UTC, 0.2 s

      MATCHES  ALERTS  PER DAY  RULE
            3       2      2.0  deleted
            1       1      1.0  created

      Alerts (all):
      SEVERITY  FIRST             EVENTS  RULE     GROUP
      medium    2026-11-20 11:00       2  deleted  user ann
      medium    2026-11-20 11:07       1  created  user bob
      medium    2026-11-20 11:30       1  deleted  user ann
      "
    `)
  })

  test('reads several files and stdin, in any order', async () => {
    const lines = LOG.trim().split('\n')
    write({
      'a.ndjson': `${lines.slice(3).join('\n')}\n`,
      'b.ndjson': `{"hits":{"hits":[${lines.slice(0, 3).join(',')}]}}\n`,
    })
    const { out } = await backtest('--json --input a.ndjson b.ndjson -')
    expect(JSON.parse(out)).toMatchObject({ entries: 12, events: 5, alerts: ALERTS, rules: RULES })
  })

  test('nothing to read is no failure', async () => {
    write({ 'empty.ndjson': '' })
    const { out } = await backtest('--input empty.ndjson')
    expect(out).toContain('0 entries, 0 events')
    expect(out).toContain('2 rules matched nothing\n\nno alerts\n')
  })

  test('tells of lines and entries that are not what they should be', async () => {
    write({ 'odd.ndjson': `no\n${JSON.stringify({ ...ENTRIES[0], meta: {} })}\n` })
    const { err, code } = await backtest('--input odd.ndjson')
    expect(err).toMatch(/^odd\.ndjson:1: no JSON: .*: skipped\n1 line skipped\n/)
    expect(err).toContain('1 entry states no time that can be read: counted as of 1970\n')
    expect(code).toBe(0)
    expect(await backtest('--strict --input odd.ndjson')).toMatchObject({ code: 1, message: '' })
  })

  test('judges windows, and tells of matches that are in none', async () => {
    const detect = { kind: 'threshold', count: 2, within: '10m' }
    write({ 'rules/many.json': ruleOf('many', 'DELETE', { detect }) })
    const detectMore = { ...detect, groupBy: ['user', 'errorCode'] }
    write({ 'rules/none.json': ruleOf('none', 'DELETE', { detect: detectMore }) })
    const { err, out } = await backtest('--json --input log.ndjson')
    expect(err).toBe(
      'none: 3 of 3 matches lack a value that "detect" asks for, and are in no window\n',
    )
    const { alerts, rules } = JSON.parse(out)
    const many = { ...ALERTS[0], rule: 'many' }
    expect(alerts).toEqual([ALERTS[0], many, ...ALERTS.slice(1)])
    expect(rules).toEqual([
      ...RULES,
      { id: 'many', matches: 3, detections: 1, alerts: 1 },
      { id: 'none', matches: 3, detections: 0, alerts: 0 },
    ])
  })

  test('silence is judged up to the last entry, or up to --to', async () => {
    const detect = { kind: 'absence', groupBy: ['user'], within: '20m' }
    write({ 'rules/silent.json': ruleOf('silent', 'DELETE', { detect }) })
    const silentOf = async (args: string) => {
      const { out } = await backtest(`--json --input log.ndjson ${args}`)
      const { alerts } = JSON.parse(out) as { alerts: { rule: string; first: string }[] }
      return alerts.filter(({ rule }) => rule === 'silent').map(({ first }) => first.slice(11, 16))
    }
    // Deleted at 11:00, 11:05 and 11:30.
    expect(await silentOf('')).toEqual(['11:25'])
    expect(await silentOf('--to 2026-11-20T12:04:59Z')).toEqual(['11:25'])
    expect(await silentOf('--to 2026-11-20T12:05:00Z')).toEqual(['11:25', '11:50'])
  })

  test.each([
    ['', 2, 'expected either --input FILE or --from T'],
    ['--input log.ndjson --from 1h', 2, 'expected either --input FILE or --from T'],
    ['--input none.ndjson', 2, "none.ndjson can't be read (ENOENT)"],
    ['--from soon', 2, '--from soon: no time that can be read'],
    ['--from 1h --contract x', 2, '--contract: expected digits'],
    ['--input log.ndjson --rules nowhere', 2, 'read the rules folder'],
    ['--input log.ndjson --compare nowhere', 2, '--compare nowhere: neither a folder nor a git'],
  ])('%j ends with %i', async (args, code, message) => {
    const ending = await backtest(args)
    expect(ending.message).toContain(message)
    expect(ending.code).toBe(code)
    expect(ending.remedy).toBeDefined()
  })

  test('reads a span of the log from the API, every contract', async () => {
    const clock = { now: () => NOW, sleep: async () => undefined }
    const contracts = ['31720001', '9876543218374837483']
    const scenario = silentScenario(contracts)
    const simulator = await createSimulator({ scenario, seed: 'backtest', clock, log: silentLog })
    const url = await simulator.start()
    try {
      for (const contract of contracts) simulator.addEntries(contract, ENTRIES)
      const env = { IONOS_TOKEN: simulator.token ?? '', IONOS_API_URL: url }
      const { out } = await backtest('--json --from 2h', { env })
      const { events, alerts } = JSON.parse(out)
      // An event of one contract is not one of another, whatever its id says.
      expect(alerts).toHaveLength(2 * ALERTS.length)
      expect(new Set(alerts.map((alert: { contract: string }) => alert.contract))).toEqual(
        new Set(contracts),
      )
      expect(events).toBe(5)
      const one = await backtest('--json --from 2h --to now --contract 31720001', { env })
      expect(JSON.parse(one.out).alerts).toEqual(ALERTS)
    } finally {
      await simulator.stop()
    }
  })

  test('ends when asked to', async () => {
    const controller = new AbortController()
    const stdin = new Readable({ read: () => undefined })
    stdin.push(LOG)
    const running = backtest('--input -', { stdin, signal: controller.signal })
    controller.abort(new Error('asked to stop'))
    await expect(running).rejects.toThrow('asked to stop')
  })
})

describe('backtest --compare', () => {
  beforeEach(() => {
    write({
      'old/deleted.json': ruleOf('deleted', 'DELETE', { severity: 'high' }),
      'old/read.json': ruleOf('read', 'GET'),
    })
  })

  test('tells the difference to a folder, to programs', async () => {
    const { out } = await backtest('--json --input log.ndjson --compare old')
    const { alerts, rules, compare } = JSON.parse(out)
    expect({ alerts, rules }).toEqual({ alerts: ALERTS, rules: RULES })
    const [first, created, second] = ALERTS
    const ofAnn = { rule: 'deleted', group: { user: 'ann' } }
    const change = ({ first: from, last, count }: (typeof ALERTS)[number], severity: string) => {
      return { first: from, last, count, severity }
    }
    expect(compare).toEqual({
      with: 'old',
      gained: [created],
      lost: [
        {
          rule: 'read',
          group: { user: 'eve' },
          first: '2026-11-20T11:08:00.000Z',
          last: '2026-11-20T11:08:00.000Z',
          count: 1,
          severity: 'medium',
        },
      ],
      changed: [first, second].map((alert) => ({
        ...ofAnn,
        before: change(alert as (typeof ALERTS)[number], 'high'),
        after: change(alert as (typeof ALERTS)[number], 'medium'),
      })),
      rules: [
        { id: 'deleted', matches: 3, detections: 3, alerts: 2 },
        { id: 'read', matches: 1, detections: 1, alerts: 1 },
      ],
    })
  })

  test('and to a reviewer, as Markdown', async () => {
    const { out } = await backtest('--input log.ndjson --compare old')
    expect(out).toMatchInlineSnapshot(`
      "## Backtest: the rules against \`old\`

      5 events of 2026-11-20: 3 → 3 alerts; **1 gained, 1 lost, 2 changed**.

      | rule | alerts before | now | gained | lost | changed |
      | --- | ---: | ---: | ---: | ---: | ---: |
      | \`created\` (new) | – | 1 | 1 | 0 | 0 |
      | \`deleted\` | 2 | 2 | 0 | 0 | 2 |
      | \`read\` (gone) | 1 | – | 0 | 1 | 0 |

      ### \`created\`

      - **gained** medium: \`user bob\`, 1 event, 2026-11-20 11:07:00

      ### \`deleted\`

      - **changed** high → medium: \`user ann\`, 2 events, 2026-11-20 11:00:00 – 11:05:00
      - **changed** high → medium: \`user ann\`, 1 event, 2026-11-20 11:30:00

      ### \`read\`

      - **lost** medium: \`user eve\`, 1 event, 2026-11-20 11:08:00
      "
    `)
  })

  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
      cwd: root,
      env: { PATH: process.env['PATH'], HOME: root, GIT_CONFIG_NOSYSTEM: '1' },
      stdio: 'pipe',
    })

  const commit = () => {
    git('add', 'rules')
    git('commit', '-q', '-m', 'rules')
  }

  test('compares with the rules of a git revision, and leaves nothing behind', async () => {
    const shared = {
      'is-delete': { all: [{ fact: 'method', operator: 'equal', value: 'DELETE' }] },
    }
    const conditions = { condition: 'is-delete' }
    write({
      'rules/team/deleted.json': { ...ruleOf('deleted', ''), conditions },
      'rules/_conditions.json': shared,
    })
    rmSync(join(root, 'rules/deleted.json'))
    git('init', '-q', '-b', 'main')
    commit()
    git('tag', 'v1')
    shared['is-delete'].all[0] = { fact: 'method', operator: 'equal', value: 'GET' }
    write({ 'rules/_conditions.json': shared })
    const { out } = await backtest('--json --input log.ndjson --compare v1')
    const { compare } = JSON.parse(out)
    expect(compare.lost).toHaveLength(2)
    expect(compare.gained).toMatchObject([{ rule: 'deleted', group: { user: 'eve' } }])
    commit()
    const same = await backtest('--json --input log.ndjson --compare HEAD')
    expect(JSON.parse(same.out).compare).toMatchObject({ gained: [], lost: [], changed: [] })
    const earlier = await backtest('--json --input log.ndjson --compare main~1')
    expect(JSON.parse(earlier.out).compare).toEqual({ ...compare, with: 'main~1' })
    expect(leftovers()).toEqual([])
  })

  test('names faults of the revision by its name, and does without them', async () => {
    write({ 'rules/created.json': '{' })
    git('init', '-q', '-b', 'main')
    commit()
    write({ 'rules/created.json': ruleOf('created', 'POST') })
    const { err, out } = await backtest('--json --input log.ndjson --compare main')
    expect(err).toMatch(/^main:created\.json:1:2: /)
    expect(JSON.parse(out).compare.gained).toMatchObject([{ rule: 'created' }])
  })

  test('a revision without these rules has none', async () => {
    write({ 'other.txt': 'x' })
    git('init', '-q', '-b', 'main')
    git('add', 'other.txt')
    git('commit', '-q', '-m', 'no rules')
    const { err, out } = await backtest('--json --input log.ndjson --compare main')
    expect(err).toBe('main has no rules in rules/\n')
    expect(JSON.parse(out).compare).toMatchObject({ gained: ALERTS, lost: [], rules: [] })
  })

  test.each(['none', '--upload-pack=touch x', 'HEAD:rules', '$(touch x)', '@{99}'])(
    'refuses %j as a revision and runs nothing',
    async (ref) => {
      git('init', '-q', '-b', 'main')
      commit()
      const { message, code } = await backtest(['--input', 'log.ndjson', `--compare=${ref}`])
      expect(message).toContain('neither a folder nor a git revision')
      expect(code).toBe(2)
      expect(readdirSync(root)).not.toContain('x')
    },
  )
})

test('the example for GitHub asks for nothing that does not exist', () => {
  const path = join(import.meta.dirname, '../../docs/examples/github-action.yml')
  const [, text = ''] = /main\.js" backtest \\\n(.*)/.exec(readFileSync(path, 'utf8')) ?? []
  const asked = text.match(/--[a-z-]+/g)
  expect(asked).toEqual(['--rules', '--from', '--compare'])
  const known = backtestCommand({} as Cli).options.map((option) => option.long)
  expect(asked?.filter((option) => option !== '--rules' && !known.includes(option))).toEqual([])
})
