// Owns the first hour: what init asks, what it writes, what it checks, and what it says about noise.
import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Cli } from '../../src/cli/context.ts'
import { countNoise, propose } from '../../src/cli/init-noise.ts'
import { initCommand } from '../../src/cli/init.ts'
import { loadConfig } from '../../src/config-file.ts'
import { silentLog } from '../../src/observe/log.ts'
import { silentScenario } from '../../src/simulator/scenario.ts'
import { createSimulator, type Simulator, TOKEN_DEFAULT } from '../../src/simulator/simulator.ts'
import { createSlackServer, type SlackServer } from '../notify/slack-server.ts'

const NOW = Date.parse('2026-11-20T12:00:00Z')
const CONTRACT = '31720001'
const RULES = join(import.meta.dirname, '../../rules')

let folder: string
let simulator: Simulator
let slack: SlackServer
let apiUrl: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tocsin-init-'))
  await cp(RULES, join(folder, 'rules'), { recursive: true })
  const clock = { now: () => NOW, sleep: async () => {} }
  simulator = await createSimulator({
    scenario: silentScenario([CONTRACT]),
    seed: 'init',
    clock,
    log: silentLog,
  })
  apiUrl = await simulator.start()
  slack = await createSlackServer()
})

afterEach(async () => {
  await simulator.stop()
  await slack.close()
  await rm(folder, { recursive: true })
})

type Typed = {
  /** Ends the input where there is no answer any more. */
  readonly leaves?: boolean
  readonly answers?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Runs init; with answers on a terminal on which they are typed when asked. */
async function init(words: readonly string[], { answers, env = {}, leaves = false }: Typed = {}) {
  const stdin = new PassThrough()
  if (answers !== undefined) Reflect.set(stdin, 'isTTY', true)
  const typed = [...(answers ?? [])]
  let shown = ''
  const write = (text: string) => {
    shown += text
    // Each question ends with a colon and a space.
    if (answers === undefined || !text.endsWith(': ')) return true
    if (leaves && typed.length === 0) stdin.end()
    else stdin.write(`${typed.shift() ?? ''}\n`)
    return true
  }
  const cli: Cli = {
    stdin,
    stdout: { write },
    stderr: { write: () => true },
    env: { IONOS_API_URL: apiUrl, ...env },
    cwd: folder,
    clock: { now: () => NOW, sleep: async () => {} },
    signal: new AbortController().signal,
  }
  const error: unknown = await initCommand(cli)
    .exitOverride()
    .parseAsync([...words], { from: 'user' })
    .then(
      () => undefined,
      (reason: unknown) => reason,
    )
  return { shown, error, left: typed }
}

const read = (name: string) => readFile(join(folder, name), 'utf8')

describe('init', () => {
  it('asks nothing with --yes, keeps variables variables, and tries everything out', async () => {
    const deletions = Array.from({ length: 9 }, (_, index) =>
      deletionAt(NOW - index * 7 * 3_600_000),
    )
    simulator.addEntries(CONTRACT, deletions)
    const words = [
      '--yes',
      '--timezone',
      'Europe/Berlin',
      '--offices',
      '203.0.113.0/24',
      '--history',
      '3d',
      '--programs',
      'robo@x.example',
    ]
    const env = { IONOS_TOKEN: TOKEN_DEFAULT, SLACK_WEBHOOK_URL: slack.url }
    const { shown } = await init(words, { env })

    const config = await read('tocsin.config.json')
    expect(config).toContain('"timezone": "Europe/Berlin"')
    expect(config).toContain('"token": "${IONOS_TOKEN}"')
    expect(config).not.toContain(TOKEN_DEFAULT)
    expect(config).not.toContain(slack.url)
    const { problems } = await loadConfig({ env: { IONOS_API_URL: apiUrl, ...env }, cwd: folder })
    expect(problems).toEqual([])
    expect(JSON.parse(await read('rules/_lists/office-networks.json')).items).toContain(
      '203.0.113.0/24',
    )
    expect(JSON.parse(await read('rules/_lists/automation-users.json')).items).toContain(
      'robo@x.example',
    )
    expect(shown).toContain(CONTRACT)
    expect(slack.requests.length).toBe(1)
    expect(shown).toMatch(/ionos-datacenter-deleted +(high|critical) +9 +21\.0 +jan@x\.example/)
    expect(JSON.parse(await read('proposed-overrides.json'))).toHaveProperty(
      'ionos-datacenter-deleted',
    )
  })

  it('asks on a terminal, hides what is secret, and keeps it in a file for its owner alone', async () => {
    const answers = [
      TOKEN_DEFAULT,
      slack.url,
      '',
      'Mars/Olympus',
      'Europe/Vienna',
      '203.0.113.7',
      '',
      '',
    ]
    const { shown, left } = await init(['--no-history'], { answers })
    expect(left).toEqual([])
    expect(shown).toContain('expected a time zone such as Europe/Berlin')
    expect(shown).not.toContain(TOKEN_DEFAULT)
    const config = await read('tocsin.config.json')
    expect(config).toContain(`"tokenFile": "${folder}/.tocsin/ionos-token"`)
    expect(config).toContain('"${file:.tocsin/slack-webhook}"')
    expect((await read('.tocsin/ionos-token')).trim()).toBe(TOKEN_DEFAULT)
    expect((await stat(join(folder, '.tocsin/ionos-token'))).mode & 0o777).toBe(0o600)
    expect(slack.requests.length).toBe(1)
    expect(shown).toContain(CONTRACT)
  })

  it.each([
    ['without a token', ['--yes'], {}, /Token.*expected a value, or the variable IONOS_TOKEN/],
    [
      'with a zone that is none',
      ['--yes', '--timezone', 'Mars'],
      { IONOS_TOKEN: 'x' },
      /time zone/i,
    ],
    [
      'with offices that are none',
      ['--yes', '--offices', '10.0.0'],
      { IONOS_TOKEN: 'x' },
      /networks such as/,
    ],
    [
      'with mail but no server',
      ['--yes', '--mail-to', 'a@b.example'],
      { IONOS_TOKEN: 'x' },
      /SMTP_URL/,
    ],
  ])('writes nothing %s', async (_name, words, env, message) => {
    const { error } = await init(words, { env })
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringMatching(message) })
    await expect(read('tocsin.config.json')).rejects.toThrow('ENOENT')
  })

  it('writes nothing when it is left in the middle', async () => {
    const { error } = await init([], { answers: [TOKEN_DEFAULT], leaves: true })
    expect(error).toMatchObject({ exitCode: 1, message: expect.stringContaining('stopped') })
    await expect(read('tocsin.config.json')).rejects.toThrow('ENOENT')
  })

  it('leaves a configuration alone that is there', async () => {
    await writeFile(join(folder, 'tocsin.config.json'), '{}')
    const { error } = await init(['--yes'], { env: { IONOS_TOKEN: TOKEN_DEFAULT } })
    expect(error).toMatchObject({ exitCode: 1, remedy: expect.stringContaining('--force') })
    expect(await read('tocsin.config.json')).toBe('{}')
  })

  it('tells a wrong token and goes on to the rest', async () => {
    const env = { IONOS_TOKEN: 'wrong', SLACK_WEBHOOK_URL: slack.url }
    const { shown, error } = await init(['--yes', '--history', '1d'], { env })
    expect(error).toMatchObject({ exitCode: 1, message: expect.stringContaining('Contracts') })
    expect(shown).not.toContain('Ready')
    expect(slack.requests.length).toBe(1)
  })
})

function deletionAt(timeMs: number) {
  return {
    '@uuid': `deletion-${timeMs}`,
    meta: { time: new Date(timeMs - 60_000).toISOString() },
    principal: {
      sourceService: 'PUBLIC_REST_V6',
      identity: { contractNumber: CONTRACT, username: 'jan@x.example' },
    },
    event: {
      type: 'RequestAccepted',
      param: { action: 'DELETE', uri: `/cloudapi/v6/datacenters/dc-${timeMs}` },
    },
  }
}

describe('noise', () => {
  const alert = (rule: string, user?: string) => ({ rule, severity: 'medium', user })

  it('is counted by rule, with the user who makes most of it', () => {
    const alerts = [
      alert('a', 'x'),
      alert('a', 'x'),
      alert('a', 'y'),
      alert('b', 'x'),
      alert('b', 'y'),
    ]
    expect(countNoise(alerts, 7)).toEqual([
      { rule: 'a', severity: 'medium', alerts: 3, perWeek: 3, user: 'x' },
      { rule: 'b', severity: 'medium', alerts: 2, perWeek: 2 },
    ])
  })

  it('becomes exceptions that end, where one user makes it and it is often', () => {
    const noise = countNoise([...Array(8).fill(alert('a', 'x')), alert('b', 'x')], 14)
    const proposal = propose(noise, NOW)
    expect(Object.keys(proposal)).toEqual(['a'])
    expect(JSON.stringify(proposal)).toContain('"expires":"2027-02-18"')
  })
})
