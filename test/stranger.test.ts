// Owns the stranger's path: the commands of docs/getting-started.md and docs/tutorial.md are typed as they
// stand there, in a folder like a fresh clone, as processes of their own. What differs from the pages:
// ports are free ones, the company lives ten times faster, and the webhook is a server of the test.
import { type ChildProcess, spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  argumentsOf,
  fileNameOf,
  pageOf,
  ROOT,
  section,
  shellLines,
  splitShell,
} from './markdown.ts'
import { createSlackServer, type SlackServer } from './notify/slack-server.ts'

/** A story is told every 18 s; the rest is for a machine that does ten things at once. */
const WAIT_MS = 180_000
const COMPANY_SPEED = '600'

let root: string
let slack: SlackServer
/** The one of the tutorial, which goes on. */
let service: ReturnType<typeof start>
/** What was exported so far, as in the reader's first terminal. */
const env: Record<string, string> = {}
const running: { readonly child: ChildProcess; output: string }[] = []

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'tocsin-stranger-'))
  for (const name of ['dist', 'node_modules', 'schema', 'scenarios', 'src', 'console', 'docs']) {
    symlinkSync(join(ROOT, name), join(root, name))
  }
  for (const name of ['scripts', 'rules', 'package.json', 'package-lock.json', 'tsconfig.json']) {
    cpSync(join(ROOT, name), join(root, name), { recursive: true, preserveTimestamps: true })
  }
  // What an earlier set-up has fetched.
  const fetched = join(ROOT, '.tocsin/redis')
  mkdirSync(join(root, '.tocsin'))
  if (existsSync(fetched)) symlinkSync(fetched, join(root, '.tocsin/redis'))
  slack = await createSlackServer()
})

afterAll(async () => {
  for (const { child } of running) await stop(child)
  await slack?.close()
  rmSync(root, { recursive: true, force: true })
}, 60_000)

function variables(): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env
  return { PATH, HOME, ...env }
}

function start(args: readonly string[]) {
  const child = spawn(process.execPath, [...args], { cwd: root, env: variables() })
  const started = { child, output: '' }
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => (started.output += String(text)))
  }
  running.push(started)
  return started
}

/** As Ctrl-C does. */
async function stop(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const ended = new Promise<number | null>((done) => child.once('close', done))
  child.kill('SIGINT')
  return await ended
}

const shows = (started: { output: string }, text: RegExp) =>
  vi.waitFor(() => expect(started.output).toMatch(text), { timeout: WAIT_MS, interval: 100 })

/** Types a command of `tocsin` and waits for its end; what it printed. */
async function type(args: readonly string[]): Promise<string> {
  const started = start(['dist/main.js', ...args])
  const code = await new Promise((done) => started.child.once('close', done))
  expect(`${args.join(' ')}: ${String(code)}\n${started.output}`).toContain(`${args.join(' ')}: 0`)
  return started.output
}

/** The commands of a chapter, in order. */
function commandsOf(path: string, heading: string): readonly (readonly string[])[] {
  const page = pageOf(path)
  const first = page.prose.indexOf(heading) + 1
  const last = first + section(page, heading).length
  return page.blocks
    .filter(({ line, language }) => line > first && line <= last && /^(sh|console)$/.test(language))
    .flatMap((block) => splitShell(shellLines(block)))
}

/** Sets what an `export` says, but what only the test knows. */
function remember(words: readonly string[], instead: Readonly<Record<string, string>> = {}): void {
  for (const word of words.slice(1)) {
    const at = word.indexOf('=')
    const name = word.slice(0, at)
    env[name] = instead[name] ?? word.slice(at + 1)
  }
}

const START = 'docs/getting-started.md'
const TUTORIAL = 'docs/tutorial.md'

describe('a stranger who follows the pages', { timeout: WAIT_MS * 2 }, () => {
  it('sees the demo, with the address of the console and an alert', async () => {
    expect(commandsOf(START, '## 1. See it')).toEqual([['npm', 'start']])
    env['TOCSIN_DATA_DIR'] = join(root, '.tocsin/demo')
    mkdirSync(env['TOCSIN_DATA_DIR'])
    const fetched = join(root, '.tocsin/redis')
    if (existsSync(fetched)) symlinkSync(fetched, join(env['TOCSIN_DATA_DIR'], 'redis'))
    // What `npm start` runs; npm itself only adds its own lines.
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const [node, script] = String(scripts.start).split(' ')
    expect(node).toBe('node')
    const demo = start([script as string])
    await shows(demo, /console\s+http:\/\/127\.0\.0\.1:\d+/)
    await shows(demo, /(HIGH|MEDIUM|CRITICAL|LOW)\s+\S+.* A-\d+/)
    await stop(demo.child)
    delete env['TOCSIN_DATA_DIR']
  })

  it('sets it up on the simulated log: everything is tried, and the noise is known', async () => {
    const [simulate, ...others] = commandsOf(START, '## 2. Set it up')
    const words = argumentsOf(simulate ?? []) ?? []
    expect(words[0]).toBe('simulate')
    const simulator = start(['dist/main.js', ...words, '--port', '0', '--speed', COMPANY_SPEED])
    await shows(simulator, /on http:\/\/127\.0\.0\.1:\d+ /)
    const [address = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(simulator.output) ?? []
    const instead = { IONOS_API_URL: address, SLACK_WEBHOOK_URL: slack.url }
    let printed = ''
    for (const command of others) {
      if (command[0] === 'export') remember(command, instead)
      else printed += await type(argumentsOf(command) ?? [])
    }
    expect(printed).toContain('wrote tocsin.config.json')
    expect(printed).toMatch(/ok {7}activity log {4}contracts 31720001/)
    expect(printed).toContain('slack took the test message')
    expect(printed).toMatch(/RULE +SEVERITY +ALERTS +PER WEEK/)
    expect(printed).toContain('Ready: tocsin serve')
    expect(JSON.stringify(slack.requests)).toContain('[TEST]')
  })

  it('writes a rule by the tutorial, and gets its alert', async () => {
    for (const command of commandsOf(TUTORIAL, '## 1. A rule to begin with')) {
      if (command[0] === 'export') remember(command)
      else await type(argumentsOf(command) ?? [])
    }
    const rule = pageOf(TUTORIAL).blocks.find(
      (block) => fileNameOf(block) === 'my-rules/server-deleted.json',
    )
    const path = join(root, 'my-rules/server-deleted.json')
    writeFileSync(path, rule?.text ?? '')
    const checks = commandsOf(TUTORIAL, '## 2. Is it right?').slice(0, 2)
    expect(await type(argumentsOf(checks[0] ?? []) ?? [])).toBe('1 rule, no problems\n')
    expect(await type(argumentsOf(checks[1] ?? []) ?? [])).toContain('3 passed, 0 failed')

    const [serve] = commandsOf(TUTORIAL, '## 4. Let it run')
    service = start(['dist/main.js', ...(argumentsOf(serve ?? []) ?? [])])
    await shows(service, /tocsin is running/)
    // "Make the rule active: delete the line", while the service runs.
    const line = '"status": "staged",'
    expect(section(pageOf(TUTORIAL), '## 4. Let it run').join('\n')).toContain(`\`${line}\``)
    writeFileSync(path, (rule?.text ?? '').replace(line, ''))
    await shows(service, /changed rules are in use/)
    const told = () => JSON.stringify(slack.requests)
    await vi.waitFor(() => expect(told()).toMatch(/deleted servers \(A-\d+\)/), {
      timeout: WAIT_MS,
      interval: 100,
    })
  })

  it('silences the rule and resolves the alert; nobody is told of the next one', async () => {
    const [list, show, preview, add, resolve] = commandsOf(
      START,
      '## 4. What to do with its alerts',
    ).map((words) => argumentsOf(words) ?? [])
    const [, shown = ''] = /deleted servers \((A-\d+)\)/.exec(JSON.stringify(slack.requests)) ?? []
    const mine = (args: readonly string[] | undefined) =>
      (args ?? []).map((word) => word.replace('A-1000', shown))
    expect(await type(mine(list))).toMatch(new RegExp(`${shown} .* server-deleted `))
    expect(await type(mine(show))).toContain('Why the rule matched')
    expect(await type(mine(preview))).toMatch(/open alerts? and \d+ of the last 7 days/)
    expect(await type(mine(add))).toMatch(/^silence \w+ until .*: \d+ open alerts? muted/)
    expect(await type(mine(resolve))).toContain(`${shown} resolved (resolved: false-positive)`)

    // The next story opens another alert; it is there, and nobody was told.
    const opened = () =>
      service.output
        .split('\n')
        .filter((line) => line.includes('"alert opened"'))
        .map((line) => (JSON.parse(line) as { alert: string }).alert)
    const before = opened().length
    await vi.waitFor(() => expect(opened().length).toBeGreaterThan(before), {
      timeout: WAIT_MS,
      interval: 100,
    })
    const next = opened()[before] as string
    expect(await type(['alerts', 'show', next])).toMatch(/silenced|nobody/)
    expect(JSON.stringify(slack.requests)).not.toContain(`(${next})`)
  })
})
