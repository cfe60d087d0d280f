// Owns the rule set that is in use: loaded at start, and swapped at once for a changed one when its
// tests pass. Reading the files is ruleset.ts, noticing a change ruleset-watch.ts.
import type { Config } from './config.ts'
import { type Calendar, createCalendar } from './core/calendar.ts'
import type { Clock } from './core/clock.ts'
import { windowsAnew } from './core/detection/anew.ts'
import type { LookUp } from './core/event.ts'
import { formatProblem, type Problem } from './core/problem.ts'
import { createRuleTimer, type RuleTimer } from './core/rule-timer.ts'
import type { Log } from './observe/log.ts'
import type { Metrics } from './observe/metrics.ts'
import { runRuleTests } from './rule-tests.ts'
import { buildRuleSet, type RuleSet } from './ruleset.ts'
import { readRuleFiles, type RuleFiles } from './ruleset-files.ts'
import { watchRuleSet } from './ruleset-watch.ts'
import { createExplain, type Explain } from './why.ts'

/** A rule set, and who explains its verdicts: always of the same files. */
export type RunningRules = {
  readonly ruleSet: RuleSet
  readonly explain: Explain
  /** What loading them found; rules with an error are left out. */
  readonly problems: readonly Problem[]
  /** A rule as it is written in its file. */
  sourceOf(id: string): unknown
}

/** What came of loading the rules again. */
export type ReloadOutcome =
  | { readonly kind: 'unchanged' | 'changed'; readonly version: string }
  | { readonly kind: 'refused'; readonly failures: readonly string[] }

export type RuleReload = {
  current(): RunningRules
  /** Why rules are left out, or a change was refused, in a sentence; undefined when none are. */
  fault(): string | undefined
  /** Adds the time that rules took since the last call to the metrics. */
  publishTimes(): void
  /** Loads the rules now. Throws a RuleFolderError when a folder can't be read. */
  reload(): Promise<ReloadOutcome>
  /** Looks for changes until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

type Parts = {
  readonly config: Pick<Config, 'rules' | 'schedules' | 'timezone'>
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  /** What is known of the addresses of raw entries in tests. */
  readonly lookUp: LookUp
  /** A clock for short times, in seconds. */
  readonly stopwatch: () => number
}

/** Problems of one load that are logged one by one; the rest is counted. */
const PROBLEMS_LOGGED_MAX = 50

/** Loads the rules. Throws a RuleFolderError when a folder can't be read. */
export async function openRunningRules(parts: Parts): Promise<RuleReload> {
  const { config, clock, log } = parts
  const calendar = createCalendar(config.timezone)
  let running = use(build(await readRuleFiles(config.rules), calendar, parts), parts)
  let refused: string | undefined

  const reload = async (files: RuleFiles): Promise<ReloadOutcome> => {
    const { version } = files
    if (version === running.ruleSet.version) {
      refused = undefined
      return { kind: 'unchanged', version }
    }
    const built = build(files, calendar, parts)
    const { ruleSet } = built
    const failures = await failedTests(ruleSet, calendar, parts.lookUp)
    if (failures.length > 0) {
      log.error({ failures }, 'changed rules fail their tests: the rules from before stay in use')
      refused = `changed rules fail their tests, so those from before stay in use: ${failures[0]}`
      return { kind: 'refused', failures }
    }
    publishTimes(running.timer, parts.metrics)
    refused = undefined
    const anew = windowsAnew(running.ruleSet.rules, ruleSet.rules)
    running = use(built, parts)
    if (anew.length > 0) log.info({ rules: anew }, 'windows of changed rules start anew')
    log.info({ version, rules: ruleSet.rules.length }, 'changed rules are in use')
    return { kind: 'changed', version }
  }

  return {
    current: () => running,
    fault: () => refused ?? describeFaults(running.problems),
    publishTimes: () => publishTimes(running.timer, parts.metrics),
    reload: async () => reload(await readRuleFiles(config.rules)),
    run: (signal) =>
      watchRuleSet({
        folders: config.rules,
        version: running.ruleSet.version,
        clock,
        signal,
        onChange: async (files) => void (await reload(files)),
        onError: ({ message }) =>
          log.warn({ reason: message }, 'rules can not be read: those from before stay in use'),
      }),
  }
}

function build(
  files: RuleFiles,
  calendar: Calendar,
  { config, clock, log, metrics }: Parts,
): Built {
  const { ruleSet, problems } = buildRuleSet(files, {
    schedules: config.schedules,
    nowDate: calendar.at(clock.now()).date,
    onFault: () => metrics.errors.inc({ stage: 'match', reason: 'operator-fault' }),
  })
  logProblems(problems, log)
  return { ruleSet, problems, sourceOf: (id) => sourceOf(files, id) }
}

type Built = Omit<RunningRules, 'explain'>

function sourceOf({ files }: RuleFiles, id: string): unknown {
  const file = files.find(({ role, name }) => role === 'rule' && name === id)
  return file === undefined ? undefined : JSON.parse(file.text)
}

function describeFaults(problems: readonly Problem[]): string | undefined {
  const [first, ...others] = problems.filter(({ level }) => level === 'error')
  if (first === undefined) return undefined
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`
  return `rules with errors are left out: ${formatProblem(first)}${more}`
}

function use(
  built: Built,
  { metrics, stopwatch }: Parts,
): RunningRules & { readonly timer: RuleTimer } {
  const { ruleSet } = built
  metrics.rules.set({ state: 'active' }, ruleSet.rules.length)
  const refused = built.problems.filter(({ level }) => level === 'error')
  metrics.rules.set({ state: 'refused' }, new Set(refused.map(({ file }) => file)).size)
  const timer = createRuleTimer(ruleSet.rules, ruleSet.matcher, stopwatch)
  return { ...built, ruleSet: timed(ruleSet, timer), explain: createExplain(ruleSet), timer }
}

/** The same rule set, some of whose events are used to time its rules. */
function timed(ruleSet: RuleSet, timer: RuleTimer): RuleSet {
  return {
    ...ruleSet,
    match(event) {
      timer.onEvent(event)
      return ruleSet.match(event)
    },
  }
}

function publishTimes(timer: RuleTimer, { ruleSeconds }: Metrics): void {
  for (const [rule, seconds] of timer.drain()) ruleSeconds.inc({ rule }, seconds)
}

function logProblems(problems: readonly Problem[], log: Log): void {
  for (const problem of problems.slice(0, PROBLEMS_LOGGED_MAX)) log.warn({}, formatProblem(problem))
  const more = problems.length - PROBLEMS_LOGGED_MAX
  if (more > 0) log.warn({ more }, 'more problems: see `tocsin rules validate`')
}

async function failedTests(
  ruleSet: RuleSet,
  calendar: Calendar,
  lookUp: LookUp,
): Promise<readonly string[]> {
  const results = []
  for (const rule of ruleSet.rules) {
    results.push(...(await runRuleTests(rule, ruleSet, calendar, lookUp)))
  }
  return results
    .filter((result) => !result.passed)
    .map(({ rule, test, failures }) => `${rule}: ${test}: ${failures.join('; ')}`)
}
