// Owns what commands read before they begin: global options, configuration, logger, rule folders.
import { existsSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import type { Command } from 'commander'
import { loadConfig } from '../config-file.ts'
import type { Config } from '../config.ts'
import { formatProblem } from '../core/problem.ts'
import { resolveSources } from '../enrich/sources.ts'
import { INSTALLED } from '../installation.ts'
import { createLog, type Log } from '../observe/log.ts'
import { type Cli, CommandError } from './context.ts'

/** Options every command understands, wherever on the line they stand. */
export type GlobalOptions = {
  readonly config?: string
  readonly rules?: readonly string[]
  readonly json?: boolean
  readonly quiet?: boolean
}

export type Settings = { readonly config: Config; readonly log: Log; readonly json: boolean }

/** Throws a CommandError (2) that lists every problem of the configuration. */
export async function readSettings(cli: Cli, command: Command): Promise<Settings> {
  const options = command.optsWithGlobals<GlobalOptions>()
  const loaded = await loadConfig({ env: cli.env, cwd: cli.cwd, file: options.config })
  for (const problem of loaded.problems) cli.stderr.write(`${formatProblem(problem)}\n`)
  if (loaded.config === undefined) {
    const count = loaded.problems.length
    const problems = `${count} problem${count === 1 ? '' : 's'} (above)`
    throw new CommandError(2, `the configuration has ${problems}`, 'every key has a default')
  }
  const folders = options.rules ?? loaded.config.rules
  const config = {
    ...loaded.config,
    dataDir: absolute(cli, loaded.config.dataDir),
    enrich: resolveSources(loaded.config.enrich, (path) => absolute(cli, path)),
    rules: folders.map((folder) => ruleFolder(cli, folder, options.rules !== undefined)),
  }
  const level = options.quiet ? 'warn' : config.logLevel
  const log = createLog({ level, output: cli.stderr })
  return { config, log, json: options.json ?? false }
}

function absolute(cli: Cli, path: string): string {
  return isAbsolute(path) ? path : join(cli.cwd, path)
}

/** `rules` means the shipped ones where the working folder has none. */
function ruleFolder(cli: Cli, folder: string, isAsked: boolean): string {
  const path = absolute(cli, folder)
  return !isAsked && folder === 'rules' && !existsSync(path) ? INSTALLED.rules : path
}
