// Owns how commands about rules find and load them: the configured folders, or those of paths.
import { existsSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import type { Command } from 'commander'
import type { Config } from '../config.ts'
import { createCalendar } from '../core/calendar.ts'
import type { Problem } from '../core/problem.ts'
import type { Log } from '../observe/log.ts'
import { loadRuleSet, type RuleSet } from '../ruleset.ts'
import { RuleFolderError } from '../ruleset-files.ts'
import { type Cli, CommandError } from './context.ts'
import { readSettings } from './settings.ts'

export type LoadedRules = {
  readonly ruleSet: RuleSet
  /** Files are named from the working folder. */
  readonly problems: readonly Problem[]
  readonly config: Config
  readonly log: Log
  readonly json: boolean
  /** Whether the user asked for this file of a rule; true for all when no path was given. */
  readonly isAsked: (file: string) => boolean
}

/** How far above a rule's file the shared material of its folder may lie. */
const FOLDERS_UP_MAX = 8

/** Loads the rules of `paths` (folders or files), else of the configuration. */
export async function loadRules(
  cli: Cli,
  command: Command,
  paths: readonly string[] = [],
): Promise<LoadedRules> {
  const { config, json, log } = await readSettings(cli, command)
  const asked = paths.map((path) => resolvePath(cli, path))
  const folders = asked.length === 0 ? config.rules : foldersOf(asked, config.rules)
  const nowDate = createCalendar(config.timezone).at(cli.clock.now()).date
  try {
    const { schedules } = config
    const { ruleSet, problems } = await loadRuleSet({ folders, schedules, nowDate })
    const isAsked = (file: string) =>
      asked.length === 0 || asked.some((path) => isInside(resolve(cli.cwd, file), path))
    const shown = problems.map((problem) => ({ ...problem, ...shortFile(cli, problem) }))
    return { ruleSet, problems: shown, config, log, json, isAsked }
  } catch (error) {
    if (!(error instanceof RuleFolderError)) throw error
    throw new CommandError(2, error.message, 'check the path, --rules or "rules"', error)
  }
}

/** The file of a problem as seen from the working folder. */
function shortFile(cli: Cli, { file }: Problem): { readonly file?: string } {
  if (file === undefined) return {}
  const short = relative(cli.cwd, file)
  return { file: short === '' || short.startsWith('..') ? file : short }
}

function resolvePath(cli: Cli, path: string): string {
  const absolute = isAbsolute(path) ? path : join(cli.cwd, path)
  if (existsSync(absolute)) return resolve(absolute)
  throw new CommandError(2, `there is no file or folder ${path}`, 'check the path')
}

/** A file is loaded with the whole folder it belongs to: rules share lists and conditions. */
function foldersOf(paths: readonly string[], configured: readonly string[]): readonly string[] {
  const folders = paths.map((path) => {
    if (statSync(path).isDirectory()) return path
    return configured.find((folder) => isInside(path, resolve(folder))) ?? sharedFolderOf(path)
  })
  return [...new Set(folders)]
}

/** The nearest folder above a file that has shared material, else the file's own. */
function sharedFolderOf(path: string): string {
  let folder = dirname(path)
  for (let up = 0; up < FOLDERS_UP_MAX && folder !== dirname(folder); up += 1) {
    const hasShared = ['_conditions.json', '_lists', '_overrides.json'].some((name) =>
      existsSync(join(folder, name)),
    )
    if (hasShared) return folder
    folder = dirname(folder)
  }
  return dirname(path)
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way === '' || (!way.startsWith('..') && !isAbsolute(way))
}

/** `3 rules`, `1 error`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
