// Owns `tocsin alerts ack|resolve|comment`: what a responder does to alerts, from a terminal.
import { Command } from 'commander'
import { type Alert, alertName } from '../core/alert.ts'
import { type AlertAction, HUMAN_RESOLUTIONS, type HumanResolution } from '../core/alert-action.ts'
import { type Cli, CommandError } from './context.ts'
import { actorOf, withTelling } from './open-telling.ts'
import { stateText } from './alerts-list.ts'

type ActOptions = { readonly comment?: string; readonly as?: string }

/** Alerts that one command acts on. */
const NAMES_MAX = 1_000

export function alertsAckCommand(cli: Cli): Command {
  return actCommand(cli, 'ack', 'take alerts on: no reminders and escalations any more')
    .addHelpText('after', '\nExample:\n  tocsin alerts ack A-1042 --comment "looking into it"')
    .action((names: string[], options: ActOptions, command: Command) =>
      actOnAll(cli, command, names, {
        action: { kind: 'acknowledge', ...commentOf(options) },
        as: options.as,
      }),
    )
}

export function alertsResolveCommand(cli: Cli): Command {
  return actCommand(cli, 'resolve', 'end alerts: what comes later opens new ones')
    .option('--reason <reason>', `one of ${HUMAN_RESOLUTIONS.join(', ')}`, 'manual')
    .addHelpText('after', '\nExample:\n  tocsin alerts resolve A-1042 --reason false-positive')
    .action((names: string[], options: ActOptions & { reason: string }, command: Command) =>
      actOnAll(cli, command, names, {
        action: { kind: 'resolve', reason: parseReason(options.reason), ...commentOf(options) },
        as: options.as,
      }),
    )
}

export function alertsCommentCommand(cli: Cli): Command {
  return new Command('comment')
    .description('add a comment to the history of an alert')
    .argument('<alert>', 'its name, such as A-1042')
    .argument('<text>', 'the comment')
    .option('--as <name>', 'who you are, for the audit trail; default: the user of this machine')
    .addHelpText('after', '\nExample:\n  tocsin alerts comment A-1042 "the backup job, see OPS-7"')
    .action((name: string, comment: string, options: ActOptions, command: Command) =>
      actOnAll(cli, command, [name], { action: { kind: 'comment', comment }, as: options.as }),
    )
}

function actCommand(_cli: Cli, name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<alerts...>', 'their names, such as A-1042')
    .option('--comment <text>', 'why; kept in the audit trail')
    .option('--as <name>', 'who you are, for the audit trail; default: the user of this machine')
}

function commentOf({ comment }: ActOptions): { readonly comment?: string } {
  return comment === undefined ? {} : { comment }
}

function parseReason(text: string): HumanResolution {
  const found = HUMAN_RESOLUTIONS.find((reason) => reason === text)
  if (found !== undefined) return found
  const remedy = `reasons are ${HUMAN_RESOLUTIONS.join(', ')}`
  throw new CommandError(2, `--reason ${text}: no such reason`, remedy)
}

const DONE: Readonly<Record<AlertAction['kind'], string>> = {
  acknowledge: 'acknowledged',
  resolve: 'resolved',
  comment: 'commented',
}

type Result = {
  readonly name: string
  readonly alert?: Alert
  readonly refused?: string
  readonly message?: string
}

async function actOnAll(
  cli: Cli,
  command: Command,
  names: readonly string[],
  { action, as }: { readonly action: AlertAction; readonly as: string | undefined },
): Promise<void> {
  if (names.length > NAMES_MAX) throw new CommandError(2, `at most ${NAMES_MAX} alerts at a time`)
  const results = await withTelling(cli, command, async ({ telling: { actions }, json }) => {
    const done: Result[] = []
    for (const name of names) {
      const alert = await actions.find(name)
      if (alert === undefined) {
        done.push({ name, refused: 'not-found', message: `there is no alert ${name}` })
        continue
      }
      const { contract, id, revision = 0 } = alert
      const request = { contract, id, action, actor: actorOf(cli, as), seen: revision }
      const outcome = await actions.act(request)
      done.push(
        'refused' in outcome
          ? { name, refused: outcome.refused, message: outcome.message }
          : { name: alertName(outcome.alert), alert: outcome.alert },
      )
    }
    if (json) cli.stdout.write(`${JSON.stringify({ results: done })}\n`)
    else writeResults(cli, action, done)
    return done
  })
  const refused = results.filter((result) => result.refused !== undefined)
  if (refused.length > 0) {
    const remedy = 'see `tocsin alerts show` for what happened to it, or `tocsin alerts list`'
    throw new CommandError(1, refused.map(({ message }) => message).join('\n        '), remedy)
  }
}

function writeResults(cli: Cli, action: AlertAction, results: readonly Result[]): void {
  for (const { name, alert } of results) {
    if (alert === undefined) continue
    const state = action.kind === 'comment' ? '' : ` (${stateText(alert)})`
    cli.stdout.write(`${name} ${DONE[action.kind]}${state}\n`)
  }
}
