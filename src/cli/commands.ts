// Owns the list of commands: what help says of each, and where it is. A command is loaded only when
// it is asked for: all of them together cost a second and 100 MB.
import type { Command } from 'commander'
import type { Cli } from './context.ts'

export type CommandEntry = {
  readonly name: string
  /** As the command itself says it. */
  readonly description: string
  load(): Promise<(cli: Cli) => Command>
}

/** In the order of help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'serve',
    description: 'run the service: read the Activity Log, raise alerts, tell receivers',
    load: async () => (await import('./serve.ts')).serveCommand,
  },
  {
    name: 'demo',
    description: 'try it: a simulated company with attacks, alerts on this terminal',
    load: async () => (await import('./demo.ts')).demoCommand,
  },
  {
    name: 'init',
    description: 'set everything up: token, receiver, lists, and how noisy the rules would be',
    load: async () => (await import('./init.ts')).initCommand,
  },
  {
    name: 'doctor',
    description: 'check everything the service needs; each line says what to do',
    load: async () => (await import('./doctor.ts')).doctorCommand,
  },
  {
    name: 'send-test',
    description: 'send a marked test message to a receiver',
    load: async () => (await import('./send-test.ts')).sendTestCommand,
  },
  {
    name: 'alerts',
    description: 'list, show, acknowledge, resolve and comment alerts',
    load: async () => (await import('./alerts.ts')).alertsCommand,
  },
  {
    name: 'deliveries',
    description: 'messages that wait or could not be delivered, and sending them again',
    load: async () => (await import('./deliveries.ts')).deliveriesCommand,
  },
  {
    name: 'silences',
    description: 'mute notifications for a while; alerts are raised all the same',
    load: async () => (await import('./silences.ts')).silencesCommand,
  },
  {
    name: 'routes',
    description: 'try the routes of the configuration',
    load: async () => (await import('./routes.ts')).routesCommand,
  },
  {
    name: 'rules',
    description: 'check, list, make and explain rules',
    load: async () => (await import('./rules.ts')).rulesCommand,
  },
  {
    name: 'match',
    description: "which rules' conditions hold for each entry of NDJSON files or stdin",
    load: async () => (await import('./match.ts')).matchCommand,
  },
  {
    name: 'backtest',
    description: 'the alerts that the rules would have raised',
    load: async () => (await import('./backtest.ts')).backtestCommand,
  },
  {
    name: 'fetch',
    description: 'download entries as NDJSON',
    load: async () => (await import('./fetch.ts')).fetchCommand,
  },
  {
    name: 'contracts',
    description: 'the contracts the credentials reach',
    load: async () => (await import('./contracts.ts')).contractsCommand,
  },
  {
    name: 'coverage',
    description: 'how many of how many entries were evaluated, by which rules, and which gaps',
    load: async () => (await import('./coverage.ts')).coverageCommand,
  },
  {
    name: 'simulate',
    description: 'a simulated Activity Log API, with faults on demand',
    load: async () => (await import('./simulate.ts')).simulateCommand,
  },
  {
    name: 'redis',
    description: 'the Redis of the service itself',
    load: async () => (await import('./redis.ts')).redisCommand,
  },
]
