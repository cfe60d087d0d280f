import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Cli } from '../../src/cli/context.ts'
import { contractsCommand } from '../../src/cli/contracts.ts'
import { fetchCommand } from '../../src/cli/fetch.ts'
import { parseMoment } from '../../src/cli/moment.ts'
import { fieldsOf } from '../../src/core/fields.ts'
import { silentLog } from '../../src/observe/log.ts'
import { silentScenario } from '../../src/simulator/scenario.ts'
import { createSimulator, type Simulator } from '../../src/simulator/simulator.ts'

const NOW = Date.parse('2026-11-20T12:00:00.500Z')
const HOUR_MS = 3_600_000
const CONTRACTS = ['31720001', '9876543218374837483']
const SPAN = ['--from', '2026-11-20T00:00:00Z', '--to', '2026-11-20T12:00:00Z'] as const

let folder: string
let simulator: Simulator
let url: string
let out: string

let waited = 0

/** Waits take no time here, but it passes. */
const clock = {
  now: () => NOW + waited,
  sleep: async (ms: number): Promise<void> => {
    waited += ms
  },
}

beforeEach(async () => {
  waited = 0
  folder = await mkdtemp(join(tmpdir(), 'tocsin-fetch-'))
  out = join(folder, 'log.ndjson')
  simulator = await createSimulator({
    scenario: silentScenario(CONTRACTS),
    seed: 'fetch',
    clock,
    log: silentLog,
  })
  url = await simulator.start()
})

afterEach(async () => {
  await simulator.stop()
  await rm(folder, { recursive: true })
})

type Run = { readonly stdout: string; readonly stderr: string; readonly error: unknown }

type RunOptions = {
  readonly env?: Readonly<Record<string, string>>
  readonly isTTY?: boolean
  readonly signal?: AbortSignal
}

async function run(
  create: (cli: Cli) => Command,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Run> {
  const written = { stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr') => ({
    isTTY: options.isTTY ?? false,
    columns: 80,
    write: (text: string) => {
      written[name] += text
      return true
    },
  })
  const cli: Cli = {
    stdin: process.stdin,
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    env: options.env ?? { IONOS_TOKEN: simulator.token ?? '', IONOS_API_URL: url },
    cwd: folder,
    clock,
    signal: options.signal ?? new AbortController().signal,
  }
  const command = create(cli).exitOverride().option('--json').option('--quiet')
  command.configureOutput({ writeErr: () => undefined, writeOut: () => undefined })
  const error: unknown = await command.parseAsync(args, { from: 'user' }).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return { ...written, error }
}

const add = (contract: string, count: number, stepMs: number): readonly string[] => {
  const entries = Array.from({ length: count }, (_, index) => ({
    '@uuid': `${contract}-${index}`,
    meta: { time: new Date(NOW - 12 * HOUR_MS + index * stepMs).toISOString() },
  }))
  simulator.addEntries(contract, entries)
  return entries.map((entry) => entry['@uuid'])
}

const idsIn = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => String(fieldsOf(JSON.parse(line))['@uuid']))

/** Leaves what an interrupted `fetch --from 12h` leaves beside its file. */
async function begin({ bytes }: { readonly bytes: number }): Promise<void> {
  const state = {
    format: 1,
    asked: { from: '12h', to: 'now', contract: '' },
    span: { from: NOW - 12 * HOUR_MS, to: NOW },
    contracts: CONTRACTS,
    contractsDone: 0,
    doneTo: NOW - HOUR_MS,
    bytes,
    entries: 0,
    unproven: [],
  }
  await writeFile(`${out}.partial`, JSON.stringify(state))
}

describe('fetch', () => {
  it('writes the entries of all contracts, one a line, oldest first', async () => {
    const ids = CONTRACTS.flatMap((contract) => add(contract, 300, 60_000))
    const { stdout, stderr, error } = await run(fetchCommand, SPAN)
    expect(error).toBeUndefined()
    expect(idsIn(stdout)).toEqual(ids)
    expect(stderr).toBe('600 entries\n')
  })

  it('writes one contract only when it is named, and says nothing when told to be quiet', async () => {
    const [first = ''] = CONTRACTS
    const ids = add(first, 30, 60_000)
    add(CONTRACTS[1] ?? '', 30, 60_000)
    const { stdout, stderr } = await run(fetchCommand, [...SPAN, '--contract', first, '--quiet'])
    expect(idsIn(stdout)).toEqual(ids)
    expect(stderr).toBe('')
  })

  it('takes a span whose second moment is now', async () => {
    const ids = add(CONTRACTS[0] ?? '', 720, 60_000)
    const { stdout } = await run(fetchCommand, ['--from', '2h'])
    expect(idsIn(stdout)).toEqual(ids.slice(600))
  })

  it('leaves a finished file alone, without a file beside it', async () => {
    const ids = add(CONTRACTS[0] ?? '', 10, 60_000)
    const { stdout, stderr } = await run(fetchCommand, [...SPAN, '--out', out])
    expect(stdout).toBe('')
    expect(stderr).toContain('10 entries in ')
    expect(await readdir(folder)).toEqual(['log.ndjson'])
    expect(idsIn(await readFile(out, 'utf8'))).toEqual(ids)
    const again = await run(fetchCommand, [...SPAN, '--out', out])
    expect(again.error).toMatchObject({ exitCode: 2, message: `${out} is there already` })
  })

  it('goes on where it was interrupted, whenever that was, and loses and repeats nothing', async () => {
    const ids = CONTRACTS.flatMap((contract) => add(contract, 500, 80_000))
    const calls = ['--from', '12h', '--out', 'log.ndjson']
    let runs = 0
    for (let error: unknown = true; error !== undefined; runs += 1) {
      const stop = new AbortController()
      const already = simulator.counts().requests
      const watch = setInterval(() => {
        if (simulator.counts().requests >= already + 8) stop.abort(new Error('stopped'))
      }, 1)
      const result = await run(fetchCommand, calls, { signal: stop.signal })
      clearInterval(watch)
      error = result.error
      if (error !== undefined) expect(error).toMatchObject({ message: 'stopped' })
      if (error !== undefined) await writeFile(out, 'torn line', { flag: 'a' })
      expect(runs).toBeLessThan(40)
    }
    expect(runs).toBeGreaterThan(2)
    expect(idsIn(await readFile(out, 'utf8'))).toEqual(ids)
    expect(await readdir(folder)).toEqual(['log.ndjson'])
  })

  it.each([
    ['another span', ['--from', '3h']],
    ['another contract', ['--from', '12h', '--contract', '31720001']],
  ])('does not go on with %s', async (_name, args) => {
    await begin({ bytes: 0 })
    const { error } = await run(fetchCommand, [...args, '--out', out])
    expect(error).toMatchObject({ exitCode: 2 })
    expect(String(error)).toContain('part of another download (--from 12h --to now)')
  })

  it('does not go on with a file that lost what was written', async () => {
    await writeFile(out, 'short')
    await begin({ bytes: 999 })
    const { error } = await run(fetchCommand, ['--from', '12h', '--out', out])
    expect(error).toMatchObject({ exitCode: 2 })
    expect(await readFile(out, 'utf8')).toBe('short')
  })

  it('draws its progress on a terminal, and takes it away', async () => {
    add(CONTRACTS[0] ?? '', 100, 60_000)
    const { stderr } = await run(fetchCommand, [...SPAN, '--out', out], { isTTY: true })
    expect(stderr).toContain('█')
    expect(stderr).toContain('100 %')
    expect(stderr.split('\r').at(-1)).toBe(`\u001b[2K100 entries in ${out}\n`)
    const plain = await run(fetchCommand, SPAN)
    expect(plain.stderr).not.toContain('█')
  })

  it('gets through an API that fails now and then', async () => {
    const ids = add(CONTRACTS[0] ?? '', 200, 60_000)
    simulator.scriptFaults(['500', '429', 'ok', 'cut', 'reset', 'ok', '401', 'ok', 'moving-total'])
    const { stdout, error } = await run(fetchCommand, SPAN)
    expect(error).toBeUndefined()
    expect(idsIn(stdout)).toEqual(ids)
  })

  it('says what to check, exit 3, when the API is down', async () => {
    simulator.setFaults({ statuses: { 502: { probability: 1, ms: 0 } } })
    const { error } = await run(fetchCommand, [...SPAN, '--out', out])
    expect(error).toMatchObject({ exitCode: 3 })
    expect(String(error)).toContain('502')
  })

  it('says which span is not complete, exit 3, and keeps what was found', async () => {
    const crowded = Array.from({ length: 300 }, (_, index) => ({
      '@uuid': `crowded-${index}`,
      meta: { time: '2026-11-20T03:00:00.000Z' },
    }))
    await simulator.stop()
    simulator = await createSimulator({
      scenario: silentScenario(CONTRACTS),
      seed: 'fetch',
      clock,
      log: silentLog,
      limitMax: 100,
      faults: { shuffle: 'window' },
    })
    url = await simulator.start()
    simulator.addEntries(CONTRACTS[0] ?? '', crowded)
    const { error, stdout } = await run(fetchCommand, SPAN)
    expect(error).toMatchObject({
      exitCode: 3,
      message: '1 spans could not be read completely: 2026-11-20 03:00:00–03:00:01',
    })
    expect(idsIn(stdout).length).toBeGreaterThan(200)
  })

  it.each([
    ['no credentials', {}, SPAN, 'no credentials'],
    [
      'http to another machine',
      { IONOS_TOKEN: 't', IONOS_API_URL: 'http://api.ionos.com' },
      SPAN,
      'in the clear',
    ],
    ['a moment that is none', { IONOS_TOKEN: 't' }, ['--from', 'yesterday'], '--from yesterday'],
    ['an end before its begin', { IONOS_TOKEN: 't' }, ['--from', '1h', '--to', '2h'], 'not before'],
    [
      'a contract that is no number',
      { IONOS_TOKEN: 't' },
      [...SPAN, '--contract', '1/../2'],
      'digits',
    ],
  ])('refuses %s with exit 2', async (_name, env, args, said) => {
    const { error } = await run(fetchCommand, args, { env: { IONOS_API_URL: url, ...env } })
    expect(error).toMatchObject({ exitCode: 2 })
    expect(String(error)).toContain(said)
  })

  it('refuses a wrong token with exit 3, and what to check, without the token', async () => {
    const env = { IONOS_TOKEN: 'wrong-and-secret', IONOS_API_URL: url }
    const { error, stderr } = await run(fetchCommand, SPAN, { env })
    expect(error).toMatchObject({ exitCode: 3, remedy: expect.stringContaining('IONOS_TOKEN') })
    expect(`${String(error)}${stderr}`).not.toContain('wrong-and-secret')
  })
})

describe('contracts', () => {
  it('prints one number a line, or all as JSON, with all digits', async () => {
    expect((await run(contractsCommand, [])).stdout).toBe('31720001\n9876543218374837483\n')
    const { stdout } = await run(contractsCommand, ['--json'])
    expect(JSON.parse(stdout)).toEqual({ contracts: CONTRACTS })
  })

  it('is exit 3 when the credentials are refused', async () => {
    const env = { IONOS_USERNAME: 'a@example.com', IONOS_PASSWORD: 'word', IONOS_API_URL: url }
    const { error } = await run(contractsCommand, [], { env })
    expect(error).toMatchObject({ exitCode: 3, remedy: expect.stringContaining('two-factor') })
  })
})

describe('a moment', () => {
  it.each([
    ['now', NOW],
    ['24h', NOW - 24 * HOUR_MS],
    ['2026-11-20', Date.parse('2026-11-20T00:00:00Z')],
    ['2026-11-20T09:30:00Z', Date.parse('2026-11-20T09:30:00Z')],
    ['2026-11-20 09:30:00', Date.parse('2026-11-20T09:30:00Z')],
    ['2026-11-20T09:30:00+01:00', Date.parse('2026-11-20T08:30:00Z')],
    ['-24h', undefined],
    ['soon', undefined],
    ['', undefined],
  ])('%s', (text, ms) => {
    expect(parseMoment(text, NOW)).toBe(ms)
  })
})
