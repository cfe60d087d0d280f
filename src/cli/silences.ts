// Owns `tocsin silences`: list, add, expire, preview.
import { Command } from 'commander'
import { formatMatcher, type Matcher, parseMatchers } from '../core/alert-matcher.ts'
import { parseDuration } from '../core/duration.ts'
import { parseTime } from '../core/entry-time.ts'
import { formatProblem, type Problem } from '../core/problem.ts'
import { parseSilence, type Silence, silenceState } from '../core/silence.ts'
import { oneLine } from '../notify/escape.ts'
import { createTimeText } from '../notify/time-text.ts'
import { type SilencePreview } from '../silences.ts'
import { parseTimeOption, writeAlertTable } from './alerts-list.ts'
import { type Cli, CommandError } from './context.ts'
import { actorOf, withTelling } from './open-telling.ts'
import { formatTable } from './table.ts'

const TEXT_LENGTH_MAX = 300
const MATCHERS_HELP =
  'name = value, name != value, or name =~ RE2 expression; names are rule, severity, tags, contract, or a fact the alert groups by, such as user. All must hold.'

export function silencesCommand(cli: Cli): Command {
  const command = new Command('silences')
    .description('mute notifications for a while; alerts are raised all the same')
    .addHelpText('after', '\nExample:\n  tocsin silences add "user =~ ^svc-backup" --for 2h')
  for (const create of [listCommand, addCommand, expireCommand, previewCommand]) {
    command.addCommand(create(cli))
  }
  return command
}

function listCommand(cli: Cli): Command {
  return new Command('list')
    .description('silences that are active or to come')
    .option('--all', 'also those that ended in the last days')
    .addHelpText('after', '\nExample:\n  tocsin silences list --all')
    .action(async (options: { all?: boolean }, command: Command) => {
      await withTelling(cli, command, async ({ telling, config, json }) => {
        const now = cli.clock.now()
        const found = (await telling.silences.list()).filter(
          (silence) => options.all || silenceState(silence, now) !== 'expired',
        )
        if (json) {
          const silences = found.map((one) => ({ ...one, state: silenceState(one, now) }))
          cli.stdout.write(`${JSON.stringify({ silences })}\n`)
        } else writeSilences(cli, found, config.timezone)
      })
    })
}

function writeSilences(cli: Cli, silences: readonly Silence[], timezone: string): void {
  if (silences.length === 0) {
    cli.stdout.write('no silences\n')
    return
  }
  const time = createTimeText(timezone)
  const now = cli.clock.now()
  const rows = silences.map((silence) => [
    silence.id,
    silenceState(silence, now),
    time.short(silence.startsAt),
    time.short(silence.endsAt),
    oneLine(silence.author, TEXT_LENGTH_MAX),
    oneLine(silence.matchers.map(formatMatcher).join(' and '), TEXT_LENGTH_MAX),
    oneLine(silence.comment, TEXT_LENGTH_MAX),
  ])
  const head = ['ID', 'STATE', 'FROM', 'UNTIL', 'AUTHOR', 'MATCHERS', 'COMMENT']
  cli.stdout.write(formatTable([head, ...rows], cli.stdout))
}

type AddOptions = {
  readonly for?: string
  readonly from?: string
  readonly until?: string
  readonly comment?: string
  readonly as?: string
}

function addCommand(cli: Cli): Command {
  return new Command('add')
    .description('mute the alerts that fit all matchers')
    .argument('<matchers...>', MATCHERS_HELP)
    .option('--for <duration>', 'how long, such as 2h')
    .option('--until <time>', 'or until when')
    .option('--from <time>', 'from when on; default: now')
    .option('--comment <text>', 'why')
    .option('--as <name>', 'who you are; default: the user of this machine')
    .addHelpText(
      'after',
      '\nWhen it ends, alerts still open and not acknowledged are told once.\n\nExample:\n  tocsin silences add "rule = ionos-bulk-delete" "user = svc-ci@example.com" --for 2h --comment "migration"',
    )
    .action(async (texts: string[], options: AddOptions, command: Command) => {
      const draft = readDraft(cli, texts, options)
      await withTelling(cli, command, async ({ telling, json, config }) => {
        const silence = await telling.silences.add(draft, actorOf(cli, options.as))
        if (silence === undefined) {
          throw new CommandError(1, 'there are too many silences', 'expire some first')
        }
        const preview = await telling.silences.preview(draft.matchers)
        if (json) {
          cli.stdout.write(`${JSON.stringify({ silence, openCount: preview.openCount })}\n`)
          return
        }
        const until = createTimeText(config.timezone).moment(silence.endsAt)
        cli.stdout.write(`silence ${silence.id} until ${until}: ${openText(preview)} muted\n`)
      })
    })
}

function readDraft(cli: Cli, matchers: readonly string[], options: AddOptions) {
  const now = cli.clock.now()
  if ((options.for === undefined) === (options.until === undefined)) {
    throw new CommandError(2, 'give --for or --until', 'such as --for 2h')
  }
  const startsAt = parseTimeOption('--from', options.from, now) ?? now
  const forMs = options.for === undefined ? undefined : parseDuration(options.for)
  if (options.for !== undefined && forMs === undefined) {
    throw new CommandError(2, `--for ${options.for}: expected a duration such as 30m, 2h or 1d`)
  }
  const endsAt =
    forMs === undefined
      ? parseTimeOption('--until', options.until, now)
      : Math.max(startsAt, now) + forMs
  const value = { matchers, startsAt, endsAt, comment: options.comment ?? '' }
  return refuseProblems((report) => parseSilence(value, { now, readTime: parseTime, report }))
}

function refuseProblems<T>(read: (report: (problem: Problem) => void) => T | undefined): T {
  const problems: Problem[] = []
  const result = read((problem) => problems.push(problem))
  if (result !== undefined) return result
  throw new CommandError(2, problems.map(formatProblem).join('\n        '))
}

function expireCommand(cli: Cli): Command {
  return new Command('expire')
    .description('end silences now')
    .argument('<ids...>', 'ids from `tocsin silences list`')
    .option('--as <name>', 'who you are; default: the user of this machine')
    .addHelpText('after', '\nExample:\n  tocsin silences expire 3f9a1c22')
    .action(async (ids: string[], options: { as?: string }, command: Command) => {
      await withTelling(cli, command, async ({ telling, json }) => {
        const unknown: string[] = []
        const ended: Silence[] = []
        for (const id of ids) {
          const silence = await telling.silences.expire(id, actorOf(cli, options.as))
          if (silence === undefined) unknown.push(id)
          else ended.push(silence)
        }
        if (json) cli.stdout.write(`${JSON.stringify({ expired: ended, unknown })}\n`)
        else for (const { id } of ended) cli.stdout.write(`silence ${id} ended\n`)
        if (unknown.length > 0) {
          const message = `no silence ${unknown.join(', ')} that has not ended`
          throw new CommandError(1, message, 'see `tocsin silences list --all`')
        }
      })
    })
}

function previewCommand(cli: Cli): Command {
  return new Command('preview')
    .description('what a silence would mute: open alerts, and how many of the last 7 days')
    .argument('<matchers...>', MATCHERS_HELP)
    .addHelpText('after', '\nExample:\n  tocsin silences preview "user =~ ^svc-"')
    .action(async (texts: string[], _options: unknown, command: Command) => {
      const matchers = refuseProblems((report): readonly Matcher[] | undefined =>
        parseMatchers(texts, '', report),
      )
      await withTelling(cli, command, async ({ telling, config, json }) => {
        const preview = await telling.silences.preview(matchers)
        if (json) {
          cli.stdout.write(`${JSON.stringify(preview)}\n`)
          return
        }
        if (preview.open.length > 0) writeAlertTable(cli, preview.open, config.timezone)
        const least = preview.isPartial ? 'at least ' : ''
        const recent = `${least}${preview.recentCount} of the last 7 days`
        cli.stdout.write(`${openText(preview)} and ${recent} would be muted\n`)
      })
    })
}

function openText({ openCount }: SilencePreview): string {
  return openCount === 1 ? '1 open alert' : `${openCount} open alerts`
}
