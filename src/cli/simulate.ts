// Owns `tocsin simulate`: the simulated Activity Log alone, for trying and testing readers.
import { readFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { Command } from 'commander'
import { formatProblem } from '../core/problem.ts'
import { INSTALLED } from '../installation.ts'
import { createLog, LOG_LEVELS } from '../observe/log.ts'
import { parseFaults } from '../simulator/faults.ts'
import type { Faults } from '../simulator/faults.ts'
import type { Scenario } from '../simulator/scenario.ts'
import { parseScenario } from '../simulator/scenario-file.ts'
import { SPEED_MAX } from '../simulator/scenario-keys.ts'
import { createSimulator, TOKEN_DEFAULT } from '../simulator/simulator.ts'
import type { Simulator, SimulatorOptions } from '../simulator/simulator.ts'
import { type Cli, CommandError } from './context.ts'

type SimulateOptions = {
  readonly port: string
  readonly host: string
  readonly scenario: string
  readonly seed: string
  readonly speed?: string
  readonly start?: string
  readonly entriesPerMinute?: string
  readonly faults?: string
  readonly token: string
  readonly login?: string
  readonly json?: boolean
}

const PORT_DEFAULT = '8787'
/** More than two cores can make: beyond it the simulator would fall behind the clock. */
const ENTRIES_PER_MINUTE_MAX = 600_000
/** The shipped scenarios, by the name of their file. */
export const SCENARIO_NAMES: readonly string[] = ['company', 'demo', 'ordinary-month']
/** The reader speaks plain HTTP to this machine only, so no other address makes sense. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/

const HELP = `
What goes wrong with --faults: a list of names, each with a share and a size if it has one.
  late=0.1:60s     entries that become visible up to 60 s after their time
  duplicates=0.05  entries that a window holds twice (its total counts both)
  damaged=0.01     hits that are no entries: no _source, null, a text, no time
  shuffle          another order on every page (shuffle:window: of the whole window)
  moving-total     totals that change from page to page
  401 403 429=0.05:2s 500 502 503 504   refusals (429 with Retry-After) and HTML pages
  slow=0.05:3s cut=0.05 reset=0.05      slow answers, halves of answers, no answer
  limit10000       an offset beyond 10,000 is refused, as Elasticsearch does
  all              all of these, seldom enough to get on; later names change single ones

The same --seed, --scenario, --speed and --start give the same log in every run.

Examples:
  tocsin simulate
  tocsin simulate --scenario demo --faults all,401=0 --port 0
  tocsin simulate --entries-per-minute 20000 --faults late=0.2:90s,429=0.1:1s`

export function simulateCommand(cli: Cli): Command {
  return new Command('simulate')
    .description('a simulated Activity Log API, with faults on demand')
    .option('--port <n>', 'port to listen on; 0 takes a free one', PORT_DEFAULT)
    .option('--host <host>', 'loopback address to listen on', '127.0.0.1')
    .option('--scenario <file>', `a file, or one of: ${SCENARIO_NAMES.join(', ')}`, 'company')
    .option('--seed <seed>', 'another seed is another log', '1')
    .option('--speed <n>', 'how many times as fast the company lives (default: the scenario)')
    .option('--start <time>', 'when the simulation began, e.g. 2026-11-20T09:00:00Z (default: now)')
    .option('--entries-per-minute <n>', 'this many ordinary entries, day and night')
    .option('--faults <list>', 'what goes wrong, e.g. late=0.1:60s,429=0.05:2s; see below')
    .option('--token <token>', 'the token it takes', TOKEN_DEFAULT)
    .option('--login <user:password>', 'a login it takes as well, as Basic authentication')
    .option('--json', 'one line of JSON about it on stdout')
    .addHelpText('after', HELP)
    .action(async (_: unknown, command: Command) => {
      await runSimulate(cli, command.optsWithGlobals<SimulateOptions>())
    })
}

async function runSimulate(cli: Cli, options: SimulateOptions): Promise<void> {
  const port = readNumber('--port', options.port, { min: 0, max: 65_535, whole: true })
  if (!LOOPBACK.test(options.host)) {
    throw new CommandError(2, `--host ${options.host} is no loopback address`, 'use 127.0.0.1')
  }
  const settings = await readOptions(cli, options)
  const simulator = await createSimulator(settings)
  try {
    const url = await listen(simulator, port, options.host)
    cli.stdout.write(
      options.json === true ? describeAsJson(url, settings) : describe(url, settings),
    )
    await untilAborted(cli.signal)
  } finally {
    await simulator.stop()
  }
  const { requests } = simulator.counts()
  if (options.json !== true) cli.stdout.write(`\nStopped after ${requests} requests.\n`)
}

async function readOptions(cli: Cli, options: SimulateOptions): Promise<SimulatorOptions> {
  const { seed, token, login } = options
  const [username, ...password] = login?.split(':') ?? []
  if (login !== undefined && (username === '' || password.length === 0)) {
    throw new CommandError(2, '--login is not readable', 'write it as user:password')
  }
  const level = LOG_LEVELS.find((name) => name === cli.env['LOG_LEVEL']) ?? 'warn'
  return {
    scenario: await readScenario(cli, options.scenario),
    seed,
    clock: cli.clock,
    log: createLog({ level, output: cli.stderr }),
    speed: readSpeed(options.speed),
    startTimeMs: readStart(options.start),
    entriesPerMinute: readRate(options.entriesPerMinute),
    faults: readFaults(options.faults),
    token,
    username,
    password: login === undefined ? undefined : password.join(':'),
  }
}

/** A scenario by its file or the name of a shipped one; throws a CommandError (2) with every problem. */
export async function readScenario(cli: Pick<Cli, 'cwd'>, asked: string): Promise<Scenario> {
  const shipped = SCENARIO_NAMES.includes(asked)
  const given = isAbsolute(asked) ? asked : join(cli.cwd, asked)
  const path = shipped ? join(INSTALLED.scenarios, `${asked}.json`) : given
  let source: string
  try {
    source = await readFile(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    const remedy = `name a file, or one of: ${SCENARIO_NAMES.join(', ')}`
    throw new CommandError(2, `the scenario ${asked} can't be read (${code})`, remedy, error)
  }
  const { scenario, problems } = parseScenario(source, asked)
  if (scenario !== undefined) return scenario
  const lines = problems.map(formatProblem).join('\n')
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`
  throw new CommandError(2, `the scenario has ${count}:\n${lines}`, 'mend the file')
}

function readFaults(text: string | undefined): Faults {
  const { faults, problems } = parseFaults(text ?? '')
  if (faults !== undefined) return faults
  throw new CommandError(2, `--faults: ${problems.join('; ')}`, 'see tocsin simulate --help')
}

function readSpeed(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  return readNumber('--speed', text, { min: 0.01, max: SPEED_MAX })
}

function readRate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  return readNumber('--entries-per-minute', text, { min: 0, max: ENTRIES_PER_MINUTE_MAX })
}

function readStart(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const startTimeMs = Date.parse(text)
  if (!Number.isNaN(startTimeMs)) return startTimeMs
  throw new CommandError(2, `--start ${text} is no time`, 'write it as 2026-11-20T09:00:00Z')
}

function readNumber(
  option: string,
  text: string,
  { min, max, whole = false }: { min: number; max: number; whole?: boolean },
): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value >= min && value <= max && (!whole || Number.isInteger(value))) return value
  const kind = whole ? 'a whole number' : 'a number'
  throw new CommandError(2, `${option} ${text}: expected ${kind} from ${min} to ${max}`)
}

async function listen(simulator: Simulator, port: number, host: string): Promise<string> {
  try {
    return await simulator.start({ port, host })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    const remedy = code === 'EADDRINUSE' ? 'it is taken: use another --port, or 0' : 'check --port'
    throw new CommandError(3, `can't listen on ${host}:${port} (${code})`, remedy, error)
  }
}

function describe(url: string, { scenario, seed, token, speed }: SimulatorOptions): string {
  const numbers = scenario.contracts.map(({ number }) => number).join(', ')
  return [
    `Simulated Activity Log of ${scenario.name} on ${url} (this machine only)`,
    `  contracts  ${numbers}; seed ${seed}; speed ${speed ?? scenario.speed}`,
    `  read it    IONOS_API_URL=${url} IONOS_TOKEN=${token} npm start`,
    '  stop it    Ctrl-C',
    '',
  ].join('\n')
}

function describeAsJson(url: string, { scenario, seed, token, speed }: SimulatorOptions): string {
  const contracts = scenario.contracts.map(({ number }) => number)
  const facts = { url, token, contracts, seed, speed: speed ?? scenario.speed }
  return `${JSON.stringify(facts)}\n`
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done()
    else signal.addEventListener('abort', () => done(), { once: true })
  })
}
