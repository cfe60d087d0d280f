// Owns the rule set that is in use: loaded at start, and swapped at once for a changed one when its
// tests pass. Reading the files is ruleset.ts, noticing a change ruleset-watch.ts.
import type { Config } from './config.ts'
import { type Calendar, createCalendar } from './core/calendar.ts'
import type { Clock } from './core/clock.ts'
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
export type RunningRules = { readonly ruleSet: RuleSet; readonly explain: Explain }

export type RuleReload = {
  current(): RunningRules
  /** Adds the time that rules took since the last call to the metrics. */
  publishTimes(): void
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

  const reload = async (files: RuleFiles) => {
    const ruleSet = build(files, calendar, parts)
    const failures = await failedTests(ruleSet, calendar, parts.lookUp)
    if (failures.length > 0) {
      log.error({ failures }, 'changed rules fail their tests: the rules from before stay in use')
      return
    }
    publishTimes(running.timer, parts.metrics)
    running = use(ruleSet, parts)
    log.info({ version: ruleSet.version, rules: ruleSet.rules.length }, 'changed rules are in use')
  }

  return {
    current: () => running,
    publishTimes: () => publishTimes(running.timer, parts.metrics),
    run: (signal) =>
      watchRuleSet({
        folders: config.rules,
        version: running.ruleSet.version,
        clock,
        signal,
        onChange: reload,
        onError: ({ message }) =>
          log.warn({ reason: message }, 'rules can not be read: those from before stay in use'),
      }),
  }
}

function build(
  files: RuleFiles,
  calendar: Calendar,
  { config, clock, log, metrics }: Parts,
): RuleSet {
  const { ruleSet, problems } = buildRuleSet(files, {
    schedules: config.schedules,
    nowDate: calendar.at(clock.now()).date,
    onFault: () => metrics.errors.inc({ stage: 'match', reason: 'operator-fault' }),
  })
  logProblems(problems, log)
  return ruleSet
}

function use(
  ruleSet: RuleSet,
  { metrics, stopwatch }: Parts,
): RunningRules & { readonly timer: RuleTimer } {
  metrics.rules.set({ state: 'active' }, ruleSet.rules.length)
  const timer = createRuleTimer(ruleSet.rules, ruleSet.matcher, stopwatch)
  return { ruleSet: timed(ruleSet, timer), explain: createExplain(ruleSet), timer }
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
