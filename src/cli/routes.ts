// Owns `tocsin routes test`: which way an alert would take through the routes, and whom it reaches.
import { Command, InvalidArgumentError } from 'commander'
import type { Field } from '../core/alert.ts'
import { type Branch, repeatMsOf, type Routable } from '../core/route.ts'
import { formatDuration } from '../core/duration.ts'
import { isRuleId } from '../core/rule.ts'
import type { Severity } from '../core/severity.ts'
import { routerOf } from '../open-telling.ts'
import { type Cli, CommandError } from './context.ts'
import { parseSeverities } from './alerts-list.ts'
import { readSettings } from './settings.ts'

type Options = {
  readonly severity: string
  readonly rule?: string
  readonly tag?: readonly string[]
  readonly contract?: string
  readonly group?: readonly Field[]
}

export function routesCommand(cli: Cli): Command {
  return new Command('routes')
    .description('try the routes of the configuration')
    .addHelpText(
      'after',
      '\nExample:\n  tocsin routes test --severity high --rule ionos-bulk-delete',
    )
    .addCommand(testCommand(cli))
}

function testCommand(cli: Cli): Command {
  return new Command('test')
    .description('where an alert would go; exits with 1 when no receiver is reached')
    .requiredOption('--severity <severity>', 'info, low, medium, high or critical')
    .option('--rule <id>', 'id of its rule')
    .option('--tag <tag>', 'a tag of its rule; may be given several times', collect)
    .option('--contract <number>', 'its contract')
    .option('--group <name=value>', 'a value it groups by; several times', collectField)
    .addHelpText(
      'after',
      '\nExample:\n  tocsin routes test --severity high --rule ionos-bulk-delete --group user=svc-ci@example.com',
    )
    .action(async (options: Options, command: Command) => {
      const { config, json } = await readSettings(cli, command)
      const alert = alertOf(options)
      const branches = routerOf(config)(alert)
      const receivers = [...new Set(branches.flatMap((branch) => branch.receivers))]
      if (json) {
        const path = branches.map((branch) => ({ ...branch, path: branch.path || '/' }))
        cli.stdout.write(`${JSON.stringify({ branches: path, receivers })}\n`)
      } else {
        const isConfigured = config.routing.route !== undefined
        for (const branch of branches) {
          const place = isConfigured ? `/route${branch.path}` : 'without a route'
          cli.stdout.write(branchText(branch, alert.severity, place))
        }
        const reached = receivers.length === 0 ? 'no receiver' : receivers.join(', ')
        cli.stdout.write(`→ ${reached}\n`)
      }
      if (receivers.length === 0) {
        throw new CommandError(1, json ? '' : 'no receiver is reached by such an alert')
      }
    })
}

function alertOf({ severity, rule, tag, contract, group }: Options): Routable {
  const [only, ...more] = parseSeverities(severity)
  if (only === undefined || more.length > 0) {
    throw new CommandError(2, `--severity ${severity}: expected one severity`)
  }
  if (rule !== undefined && !isRuleId(rule)) {
    throw new CommandError(2, `--rule ${rule}: no id of a rule`, 'such as ionos-bulk-delete')
  }
  return {
    severity: only,
    contract: contract ?? '',
    group: group ?? [],
    rule: { id: rule ?? '', tags: tag ?? [] },
  }
}

/** The route's place in the file, its receivers, and what it does besides. */
function branchText(branch: Branch, severity: Severity, place: string): string {
  const { receivers, escalate, mute, sendResolved, resolveAfterMs } = branch
  const repeatMs = repeatMsOf(branch, severity)
  const more = [
    repeatMs > 0 ? `reminds every ${formatDuration(repeatMs)}` : 'no reminders',
    ...escalate.map(
      (stage) =>
        `escalates after ${formatDuration(stage.afterMs)} to ${stage.receivers.join(', ')}`,
    ),
    ...(mute.length > 0 ? [`muted in ${mute.join(', ')}`] : []),
    ...(sendResolved === undefined
      ? []
      : [sendResolved ? 'tells the end' : 'does not tell the end']),
    ...(resolveAfterMs === undefined ? [] : [`resolves after ${formatDuration(resolveAfterMs)}`]),
  ]
  const who = receivers.length === 0 ? 'nobody' : receivers.join(', ')
  return `${place}: ${who}; ${more.join('; ')}\n`
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

function collectField(text: string, before: readonly Field[] = []): readonly Field[] {
  const at = text.indexOf('=')
  if (at <= 0) throw new InvalidArgumentError('expected name=value, such as user=anna@example.com')
  return [...before, { name: text.slice(0, at).trim(), value: text.slice(at + 1).trim() }]
}
