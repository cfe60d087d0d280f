// Owns `tocsin coverage`: how many of how many entries of a span were evaluated, by which rules, what
// may be missing, and how late it was. The sums: core/coverage.ts; the API's answer: http/api/coverage.ts.
import { Command } from 'commander'
import { type Coverage, type Delay, type Gap } from '../core/coverage.ts'
import { coverageFaults } from '../core/coverage-faults.ts'
import type { Stores } from '../state/redis.ts'
import { type Cli, CommandError } from './context.ts'
import { MOMENT_FORMS, parseMoment } from './moment.ts'
import { withStores } from './open-state.ts'
import { readSettings } from './settings.ts'
import { formatTable } from './table.ts'

const FROM_DEFAULT = '24h'
/** Gaps that are listed one by one. */
const GAPS_SHOWN_MAX = 20

type CoverageOptions = {
  readonly from?: string
  readonly to?: string
  readonly contract?: readonly string[]
}

export function coverageCommand(cli: Cli): Command {
  return new Command('coverage')
    .description('how many of how many entries were evaluated, by which rules, and which gaps')
    .option('--from <time>', `begin, inclusive: a date, a time, or so long ago (${FROM_DEFAULT})`)
    .option('--to <time>', 'end, exclusive (now)')
    .option('--contract <number>', 'only this one; may be given several times', collect)
    .addHelpText(
      'after',
      '\nThe span is widened to whole hours (UTC). Exit code 1 when something of it may be missing.\n\nExample:\n  tocsin coverage --from 7d\n  tocsin coverage --from 2026-11-20 --to 2026-11-21 --json',
    )
    .action(async (options: CoverageOptions, command: Command) => {
      const settings = await readSettings(cli, command)
      const answers = await withStores(
        settings,
        cli,
        async (stores) => await ask(stores, options, cli),
      )
      if (answers.length === 0) {
        throw new CommandError(1, 'nothing was ever read', 'start `tocsin serve` first')
      }
      if (settings.json) cli.stdout.write(`${JSON.stringify({ contracts: answers.map(toJson) })}\n`)
      else for (const answer of answers) cli.stdout.write(describe(answer, cli))
      if (answers.every(({ faults }) => faults.length === 0)) return
      throw new CommandError(1, settings.json ? '' : 'something may be missing: see above')
    })
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

type Answer = Coverage & { readonly faults: readonly string[] }

async function ask(
  { reads, coverage }: Pick<Stores, 'reads' | 'coverage'>,
  options: CoverageOptions,
  cli: Cli,
): Promise<readonly Answer[]> {
  const nowMs = cli.clock.now()
  const from = parseTimeOption('--from', options.from ?? FROM_DEFAULT, nowMs)
  const to = Math.min(parseTimeOption('--to', options.to ?? 'now', nowMs), nowMs)
  if (to <= from) throw new CommandError(2, '--to is not after --from')
  const contracts = options.contract ?? (await reads.contracts())
  const answers: Answer[] = []
  for (const contract of contracts) {
    const found = await coverage.coverage(contract, { from, to })
    if (found.readMark === undefined && options.contract === undefined) continue
    // Who names no beginning asks for what was promised.
    const promised = options.from === undefined ? Math.max(from, found.since ?? from) : from
    answers.push({ ...found, faults: coverageFaults(found, { from: promised, to }) })
  }
  return answers
}

function parseTimeOption(name: string, text: string, nowMs: number): number {
  const time = parseMoment(text, nowMs)
  if (time !== undefined) return time
  throw new CommandError(2, `${name} ${text}: no time`, MOMENT_FORMS)
}

function describe(answer: Answer, cli: Cli): string {
  const { contract, from, to, evaluated, entries, hours, gaps, closedGaps, faults } = answer
  const rows = [
    ['entries', `${count(evaluated)} of ${count(entries)} evaluated${aside(answer)}`],
    ['rule sets', describeRuleSets(answer)],
    ['gaps', gaps.length === 0 ? `none, ${closedGaps.length} closed` : `${gaps.length} open`],
    ...gaps.slice(0, GAPS_SHOWN_MAX).map((gap) => ['', describeGap(gap)]),
    ...(gaps.length > GAPS_SHOWN_MAX ? [['', `and ${gaps.length - GAPS_SHOWN_MAX} more`]] : []),
    ['lateness', describeDelay(answer.delay)],
    ['confirmed', `${hours.confirmed} of ${hours.read} whole hours, by a later read`],
    [
      'marks',
      `read to ${formatTime(answer.readMark)}, evaluated to ${formatTime(answer.evaluatedMark)}`,
    ],
    ['verdict', faults.length === 0 ? 'complete' : `not complete: ${faults.join('; ')}`],
  ]
  const head = `contract ${contract}, ${formatMinute(from)} to ${formatMinute(to)} UTC\n`
  return `${head}${formatTable(rows, cli.stdout)}\n`
}

function aside({ waiting, poisoned, unusable }: Coverage): string {
  const parts = [
    [waiting, 'waiting'],
    [poisoned, 'in the dead letters: no attempt could evaluate them'],
    [unusable, 'more that are no entries, in the dead letters'],
  ] as const
  return parts.map(([number, what]) => (number === 0 ? '' : `; ${count(number)} ${what}`)).join('')
}

function describeRuleSets({ ruleSets }: Coverage): string {
  if (ruleSets.length === 0) return '-'
  return ruleSets.map(({ version, entries }) => `${version}: ${count(entries)}`).join(', ')
}

const GAP_REASONS: Readonly<Record<Gap['reason'], string>> = {
  unproven: 'not read completely so far',
  'given-up': 'could not be read completely in a day',
  poisoned: 'no attempt could evaluate what was read',
  lost: 'the queue lost what was read',
}

function describeGap({ from, to, reason, foundAt }: Gap): string {
  const found = foundAt === 0 ? '' : `, found ${formatTime(foundAt)}`
  return `${formatTime(from)} to ${formatTime(to)}: ${GAP_REASONS[reason]}${found}`
}

function describeDelay(delay: Delay | undefined): string {
  if (delay === undefined) return 'nothing was read'
  const { p50, p95, p99, max } = delay
  const seconds = (value: number) => `${count(value)} s`
  return `half within ${seconds(p50)}, 95 % within ${seconds(p95)}, 99 % within ${seconds(p99)}, the latest ${seconds(max)}`
}

/** Times as text, for programs in other languages. */
function toJson({ faults, ...found }: Answer) {
  const time = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString())
  const gap = (one: Gap) => ({
    ...{ from: time(one.from), to: time(one.to), reason: one.reason },
    foundAt: one.foundAt === 0 ? null : time(one.foundAt),
  })
  return {
    ...found,
    from: time(found.from),
    to: time(found.to),
    since: time(found.since),
    readMark: time(found.readMark),
    evaluatedMark: time(found.evaluatedMark),
    gaps: found.gaps.map(gap),
    closedGaps: found.closedGaps.map((one) => ({ ...gap(one), closedAt: time(one.closedAt) })),
    delay: found.delay ?? null,
    complete: faults.length === 0,
    faults,
  }
}

function count(value: number): string {
  return value.toLocaleString('en')
}

function formatMinute(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ')
}

function formatTime(ms: number | undefined): string {
  return ms === undefined ? '-' : new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
}
