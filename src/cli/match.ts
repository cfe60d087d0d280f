// Owns `tocsin match`: which rules' conditions hold for each entry of NDJSON input.
import { createReadStream } from 'node:fs'
import { Command, Option } from 'commander'
import { createCalendar } from '../core/calendar.ts'
import { normalizeEntry, type NormalizeContext } from '../core/normalize.ts'
import { parsePath, compilePath } from '../core/path.ts'
import { formatProblem } from '../core/problem.ts'
import { loadRuleSet, type RuleSet } from '../ruleset.ts'
import { type Cli, CommandError } from './context.ts'
import { type Line, parseLine, readLines } from './ndjson.ts'
import { readSettings } from './settings.ts'

type MatchOptions = {
  readonly strict?: boolean
  readonly timeField?: string
  readonly idField?: string
}

type Tally = { lines: number; entries: number; matched: number; bad: number }

/** Faulty lines named one by one; the others are only counted. */
const BAD_LINES_SHOWN_MAX = 20

export function matchCommand(cli: Cli): Command {
  return new Command('match')
    .description("which rules' conditions hold for each entry of NDJSON files or stdin")
    .argument('[file...]', 'NDJSON files; none or "-" reads stdin')
    .option('--strict', 'exit 1 when a line is no JSON object')
    .addOption(new Option('--time-field <path>', 'where other logs keep their time, e.g. a.b'))
    .addOption(new Option('--id-field <path>', 'where other logs keep their id'))
    .addHelpText(
      'after',
      '\nPrints one line {"line":1,"id":"…","rules":["…"]} per entry that matched any rule.\n\nExample:\n  tocsin fetch --from 2026-11-20 --to 2026-11-21 --out day.ndjson\n  tocsin match day.ndjson',
    )
    .action(async (files: string[], options: MatchOptions, command: Command) => {
      const { config } = await readSettings(cli, command)
      const { ruleSet, problems } = await loadRuleSet({
        folders: config.rules,
        schedules: config.schedules,
      })
      for (const problem of problems) {
        if (problem.level === 'error') cli.stderr.write(`${formatProblem(problem)}\n`)
      }
      const context = contextOf(options, config.timezone, cli)
      const tally: Tally = { lines: 0, entries: 0, matched: 0, bad: 0 }
      for (const file of files.length > 0 ? files : ['-']) {
        await matchInput(file, { cli, ruleSet, context, tally })
      }
      summarise(cli, tally)
      if (options.strict && tally.bad > 0) throw new CommandError(1, '')
    })
}

type Matching = {
  readonly cli: Cli
  readonly ruleSet: RuleSet
  readonly context: NormalizeContext
  readonly tally: Tally
}

async function matchInput(file: string, matching: Matching): Promise<void> {
  const { cli, tally } = matching
  const input = file === '-' ? cli.stdin : createReadStream(file)
  try {
    for await (const lines of readLines(input as AsyncIterable<Buffer>)) {
      cli.signal.throwIfAborted()
      tally.lines += lines.length
      const found = lines.map((line) => matchLine(line, file, matching)).join('')
      if (found !== '' && cli.stdout.write(found) === false) await drained(cli)
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined || cli.signal.aborted) throw error
    throw new CommandError(2, `${file} can't be read (${code})`, 'check the path', error)
  }
}

/** The output lines for one input line. */
function matchLine(line: Line, file: string, { cli, ruleSet, context, tally }: Matching): string {
  const content = parseLine(line)
  if ('problem' in content) {
    tally.bad += 1
    if (tally.bad <= BAD_LINES_SHOWN_MAX) {
      cli.stderr.write(`${file}:${line.number}: ${content.problem}: skipped\n`)
    }
    return ''
  }
  let output = ''
  for (const entry of content.entries) {
    tally.entries += 1
    const { event } = normalizeEntry(entry, context)
    const rules = event === undefined ? [] : ruleSet.match(event)
    if (event === undefined || rules.length === 0) continue
    tally.matched += 1
    const ids = rules.map((rule) => rule.id)
    output += `${JSON.stringify({ line: line.number, id: event.id, rules: ids })}\n`
  }
  return output
}

function summarise(cli: Cli, { entries, matched, bad }: Tally): void {
  const skipped = bad > 0 ? `, ${bad} line${bad === 1 ? '' : 's'} skipped` : ''
  cli.stderr.write(`${matched} of ${entries} entries matched${skipped}\n`)
}

function contextOf(options: MatchOptions, timezone: string, cli: Cli): NormalizeContext {
  const timePath = fieldOf(options.timeField, '--time-field')
  const idPath = fieldOf(options.idField, '--id-field')
  return {
    contract: undefined,
    readTimeMs: cli.clock.now(),
    calendar: createCalendar(timezone),
    ...(timePath === undefined ? {} : { timePath }),
    ...(idPath === undefined ? {} : { idPath }),
  }
}

function fieldOf(
  text: string | undefined,
  option: string,
): ((entry: unknown) => unknown) | undefined {
  if (text === undefined) return undefined
  const path = parsePath(text.startsWith('$') || text.startsWith('.') ? text : `.${text}`)
  if ('problem' in path) throw new CommandError(2, `${option} ${text}: ${path.problem}`)
  return compilePath(path)
}

/** Waits until a slow reader of our output has taken what is buffered. */
async function drained({ stdout, signal }: Cli): Promise<void> {
  if (!('once' in stdout) || typeof stdout.once !== 'function') return
  await new Promise<void>((resolve) => {
    const done = () => resolve()
    ;(stdout as unknown as NodeJS.WritableStream).once('drain', done)
    signal.addEventListener('abort', done, { once: true })
  })
}
