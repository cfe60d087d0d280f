// Owns `tocsin demo`: a simulated company with attacks in it, and the whole service on top.
import { Command, InvalidArgumentError } from 'commander'
import { ROLES } from '../app.ts'
import type { Config } from '../config.ts'
import type { ReceiverConfig } from '../config-receivers.ts'
import { createLog } from '../observe/log.ts'
import { createSimulator } from '../simulator/simulator.ts'
import type { Cli } from './context.ts'
import { serve } from './serve.ts'
import { readSettings, type Settings } from './settings.ts'
import { readScenario } from './simulate.ts'

/** Read this often, so that an alert follows its entry at once; the API is on this machine. */
const DEMO_INTERVAL_MS = 1_000
const DEMO_REQUESTS_PER_MINUTE_MAX = 600
/** A first look back that shows something at once without a screenful. */
const DEMO_HORIZON_MS = 120_000
/** Keys of its own, so that a demo never mixes with real alerts. */
const DEMO_PREFIX = 'tocsin-demo'

type DemoOptions = { readonly speed?: number; readonly seed: string; readonly scenario?: string }

export function demoCommand(cli: Cli): Command {
  return new Command('demo')
    .description('try it: a simulated company with attacks, alerts on this terminal')
    .option(
      '--speed <n>',
      'how many times as fast the company lives (default: the scenario)',
      parseSpeed,
    )
    .option('--seed <seed>', 'another seed is another company', 'demo')
    .option('--scenario <file>', 'a scenario of your own')
    .addHelpText('after', '\nExample:\n  tocsin demo --speed 200\n\nStop it with Ctrl-C.')
    .action(async (options: DemoOptions, command: Command) => {
      const settings = await readSettings(cli, command)
      await runDemo(cli, settings, options)
    })
}

async function runDemo(cli: Cli, settings: Settings, options: DemoOptions): Promise<void> {
  // The demo is about alerts: the service's own lines are shown only when they matter.
  const level = settings.config.logLevel === 'info' ? 'warn' : settings.config.logLevel
  const log = createLog({ level, output: cli.stderr })
  const scenario = await readScenario(cli, options.scenario ?? 'demo')
  const { clock } = cli
  const { speed, seed } = options
  const simulator = await createSimulator({ scenario, seed, clock, log, speed })
  const url = await simulator.start()
  try {
    cli.stdout.write(welcome(url))
    await serve(cli, {
      config: demoConfig(settings.config, url, simulator.token as string),
      roles: new Set(ROLES),
      log,
      onConsole: (address) => cli.stdout.write(`  console  ${address}\n\n`),
    })
    cli.stdout.write('\nThe demo has stopped. Its alerts are kept; start it again to go on.\n')
  } finally {
    await simulator.stop()
  }
}

function welcome(url: string): string {
  return [
    'Tocsin demo: a simulated company on a simulated Activity Log',
    `  log      ${url} (on this machine only)`,
    '  alerts   appear below as they happen; Ctrl-C stops',
    '  for real set IONOS_TOKEN and SLACK_WEBHOOK_URL, then run the same command',
    '',
  ].join('\n')
}

const DEMO_RECEIVER: ReceiverConfig = {
  name: 'terminal',
  type: 'stdout',
  config: {},
  paceMs: 0,
  ageMaxMs: 3_600_000,
  budget: 'off',
  stateful: false,
  readBy: 'people',
}

function demoConfig(config: Config, apiUrl: string, token: string): Config {
  return {
    ...config,
    ionos: {
      ...config.ionos,
      apiUrl,
      // The simulated company has no history to learn from.
      backfill: 'off',
      credentials: { kind: 'token', token },
      intervalMs: DEMO_INTERVAL_MS,
      requestsPerMinuteMax: DEMO_REQUESTS_PER_MINUTE_MAX,
    },
    detection: { ...config.detection, notifyHorizonMs: DEMO_HORIZON_MS },
    redis: { ...config.redis, prefix: DEMO_PREFIX },
    receivers: [DEMO_RECEIVER],
    routing: { ...config.routing, route: undefined },
    proxy: { https: undefined, none: undefined },
  }
}

function parseSpeed(text: string): number {
  const speed = Number(text)
  if (Number.isFinite(speed) && speed > 0) return speed
  throw new InvalidArgumentError('a number above 0 is needed')
}
