// Owns `tocsin rules explain`: why a rule matches an entry or doesn't, condition by condition.
import { readFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { text as readText } from 'node:stream/consumers'
import { Command } from 'commander'
import type { Why } from '../core/alert.ts'
import { createCalendar } from '../core/calendar.ts'
import type { Event } from '../core/event.ts'
import { normalizeEntry } from '../core/normalize.ts'
import { formatProblem } from '../core/problem.ts'
import type { Rule } from '../core/rule.ts'
import { suggestName } from '../core/suggest.ts'
import { visibleText } from '../core/template.ts'
import { createExplain, type Explanation } from '../why.ts'
import { openData } from './address-data.ts'
import { type Cli, CommandError } from './context.ts'
import { parseLine } from '../input/ndjson.ts'
import { type LoadedRules, loadRules } from './rules-load.ts'

/** Entries of one file: nobody reads more trees than these. */
const ENTRIES_MAX = 100

type Explained = Explanation & { readonly rule: Rule; readonly event: Event }

export function rulesExplainCommand(cli: Cli): Command {
  return new Command('explain')
    .description('why a rule matches an entry or does not: each condition with what was found')
    .argument('<id>', 'the rule')
    .requiredOption('--entry <file>', 'one entry as JSON, an API answer, or NDJSON; "-" is stdin')
    .addHelpText(
      'after',
      '\nAsks json-rules-engine, without windows: what "detect" makes of matches is not part of it.\n\nExample:\n  tocsin rules explain ionos-user-deleted --entry entry.json',
    )
    .action(async (id: string, options: { entry: string }, command: Command) => {
      const loaded = await loadRules(cli, command)
      const rule = findRule(cli, id, loaded)
      const entries = readEntries(await readInput(cli, options.entry), options.entry)
      const explain = createExplain(loaded.ruleSet)
      const calendar = createCalendar(loaded.config.timezone)
      const { lookUp } = await openData(cli, loaded.config)
      for (const entry of entries) {
        const context = { contract: undefined, readTimeMs: cli.clock.now(), calendar, lookUp }
        const { event } = normalizeEntry(entry, context)
        if (event === undefined) throw new CommandError(2, 'the entry is no JSON object')
        const explained = { ...(await explain(rule, event)), rule, event }
        cli.stdout.write(loaded.json ? toJson(explained) : toText(explained))
      }
    })
}

function findRule(cli: Cli, id: string, { ruleSet, problems }: LoadedRules): Rule {
  const rule = ruleSet.all.find((candidate) => candidate.id === id)
  if (rule !== undefined) return rule
  const faults = problems.filter(
    ({ file, level }) => level === 'error' && file?.endsWith(`${id}.json`),
  )
  for (const fault of faults) cli.stderr.write(`${formatProblem(fault)}\n`)
  if (faults.length > 0) throw new CommandError(1, `the rule ${id} has errors (above)`)
  const ids = ruleSet.all.map((candidate) => candidate.id)
  const hint = suggestName(id, ids)
  const remedy = 'tocsin rules list shows all of them'
  const near = hint.startsWith(', did you mean') ? hint : ''
  throw new CommandError(2, `there is no rule ${JSON.stringify(id)}${near}`, remedy)
}

async function readInput(cli: Cli, file: string): Promise<string> {
  if (file === '-') return readText(cli.stdin)
  try {
    return await readFile(isAbsolute(file) ? file : join(cli.cwd, file), 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    throw new CommandError(2, `${file} can't be read (${code})`, 'check the path', error)
  }
}

/** One JSON value over many lines, or a value on each line. */
function readEntries(text: string, file: string): readonly unknown[] {
  const whole = parseLine({ text })
  if ('entries' in whole) return limited(whole.entries, file)
  const lines = text.split('\n').map((line, index) => ({ number: index + 1, text: line }))
  const filled = lines.filter((line) => line.text.trim() !== '')
  const read = filled.map((line) => ({ ...line, content: parseLine(line) }))
  const entries = read.flatMap(({ content }) => ('entries' in content ? content.entries : []))
  if (entries.length > 0) return limited(entries, file)
  throw new CommandError(2, `${file} holds no entry: ${whole.problem}`, 'give one JSON object')
}

function limited(entries: readonly unknown[], file: string): readonly unknown[] {
  if (entries.length === 0) throw new CommandError(2, `${file} holds no entry`)
  if (entries.length <= ENTRIES_MAX) return entries
  const remedy = 'tocsin match finds which entries match which rules'
  throw new CommandError(2, `${file} holds more than ${ENTRIES_MAX} entries`, remedy)
}

function toJson({ rule, event, verdict, why, exceptions }: Explained): string {
  return `${JSON.stringify({ rule: rule.id, id: event.id, verdict, why, exceptions })}\n`
}

function toText({ rule, event, verdict, why, exceptions }: Explained): string {
  const lines = [
    `${rule.id}: ${rule.title}`,
    `${visibleText(event.id)} ${verdict ? 'matches' : 'does not match'}`,
    ...treeLines(why, 1),
  ]
  if (exceptions.length > 0)
    lines.push('exceptions:', ...exceptions.flatMap((one) => treeLines(one, 1)))
  if (rule.status === 'disabled') lines.push('The rule is disabled.')
  else if (rule.detect !== undefined)
    lines.push(
      `What follows from a match depends on others: it detects over time (${rule.detect.kind}).`,
    )
  return `${lines.join('\n')}\n\n`
}

function treeLines(why: Why, depth: number): readonly string[] {
  const mark = why.verdict ? '✓' : '✗'
  const name = why.name === undefined ? '' : ` (${why.name})`
  const line = `${'  '.repeat(depth)}${mark} ${why.kind === 'leaf' ? leafText(why) : why.kind}${name}`
  return [
    visibleText(line),
    ...(why.children ?? []).flatMap((child) => treeLines(child, depth + 1)),
  ]
}

function leafText({ fact, path, operator, expected, found }: Why): string {
  const place = path === undefined ? fact : `${fact} ${path}`
  return `${place} ${operator} ${expected ?? 'undefined'}, found ${found ?? 'nothing'}`
}
