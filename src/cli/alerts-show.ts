// Owns `tocsin alerts show`: all that is known of one alert, in the order a responder asks for it.
import { Command } from 'commander'
import { type Alert, alertName, type Why } from '../core/alert.ts'
import type { TrailEntry } from '../core/alert-action.ts'
import { manyLines, oneLine } from '../notify/escape.ts'
import { evidenceTable } from '../notify/evidence-table.ts'
import { factLabel } from '../notify/fact-label.ts'
import { tableText } from '../notify/table-text.ts'
import { createTimeText, type TimeText } from '../notify/time-text.ts'
import type { Delivery } from '../state/delivery-stores.ts'
import { stateText } from './alerts-list.ts'
import { type Cli, CommandError } from './context.ts'
import { withTelling } from './open-telling.ts'
import { formatTable } from './table.ts'

const TEXT_LENGTH_MAX = 2_000
const VALUE_LENGTH_MAX = 300
/** Levels of the verdict tree that are shown: a loaded rule is far flatter. */
const WHY_DEPTH_MAX = 20

export function alertsShowCommand(cli: Cli): Command {
  return new Command('show')
    .description('what happened, the evidence, why, who was told, and what was done')
    .argument('<alert>', 'its name, such as A-1042')
    .addHelpText('after', '\nExample:\n  tocsin alerts show A-1042')
    .action(async (name: string, _options: unknown, command: Command) => {
      await withTelling(cli, command, async ({ stores, telling, config, json }) => {
        const alert = await telling.actions.find(name)
        if (alert === undefined) {
          const remedy = 'see `tocsin alerts list --state all`'
          throw new CommandError(1, `there is no alert ${name}`, remedy)
        }
        const { contract, id } = alert
        const deliveries = await stores.deliveries.list(contract, id)
        const trail = await stores.actions.trail(contract, id)
        if (json) cli.stdout.write(`${JSON.stringify({ alert, deliveries, trail })}\n`)
        else {
          const time = createTimeText(config.timezone)
          cli.stdout.write(pageOf({ alert, deliveries, trail, time }, cli))
        }
      })
    })
}

type Page = {
  readonly alert: Alert
  readonly deliveries: readonly Delivery[]
  readonly trail: readonly TrailEntry[]
  readonly time: TimeText
}

function pageOf(page: Page, cli: Cli): string {
  const { alert, time } = page
  const evidence = evidenceTable(alert, time)
  const sections: (readonly [heading: string, text: string | undefined])[] = [
    ['', headOf(page, cli)],
    ['What it means', optional(alert.rule.description)],
    ['What to do', optional(alert.rule.runbook)],
    ['May be harmless when', listOf(alert.rule.falsePositives)],
    ['Read more', listOf(alert.rule.references)],
    ['Evidence', evidence === undefined ? undefined : tableText(evidence)],
    ['Why the rule matched', alert.why === undefined ? undefined : whyTree(alert.why, 0)],
    ['Who was told', deliveriesOf(page, cli)],
    ['What was done', trailOf(page, cli)],
  ]
  return sections
    .filter(([, text]) => text !== undefined && text !== '')
    .map(([heading, text = '']) => (heading === '' ? text : `${heading}\n${indent(text)}`))
    .map((section) => `${section.trimEnd()}\n`)
    .join('\n')
}

function headOf({ alert, time }: Page, cli: Cli): string {
  const { severity, title, summary, rule, contract, group, count, first, last } = alert
  const rows = [
    [
      'Rule',
      rule.title === rule.id ? rule.id : `${oneLine(rule.title, VALUE_LENGTH_MAX)} (${rule.id})`,
    ],
    ['Contract', oneLine(contract, VALUE_LENGTH_MAX)],
    ...[...group, ...alert.fields.filter((field) => !group.some(({ name }) => name === field.name))]
      .filter(({ name }) => name !== 'contract')
      .map(({ name, value }) => [factLabel(name), oneLine(value, VALUE_LENGTH_MAX)]),
    ['Events', String(count)],
    ['When', time.span(first, last)],
    ['State', stateLine(alert, time)],
  ]
  const heading = `${alertName(alert)}  ${severity.toUpperCase()}  ${oneLine(title, TEXT_LENGTH_MAX)}`
  const notes = [
    summary === undefined ? undefined : oneLine(summary, TEXT_LENGTH_MAX),
    alert.disputed ? 'Disputed: json-rules-engine did not agree that the rule matches.' : undefined,
    alert.historical ? 'From before the start of monitoring: nobody was told.' : undefined,
    alert.staged ? 'Its rule is staged: nobody is told.' : undefined,
  ].filter((note) => note !== undefined)
  return `${[heading, ...notes].join('\n')}\n${formatTable(rows, cli.stdout)}`
}

function stateLine(alert: Alert, time: TimeText): string {
  const { state, acknowledged, resolved } = alert
  const signature = state === 'resolved' ? resolved : state === 'open' ? undefined : acknowledged
  const by = signature === undefined ? '' : ` by ${signature.by}, ${time.short(signature.at)}`
  return `${stateText(alert)}${by}`
}

function deliveriesOf({ deliveries, time }: Page, cli: Cli): string | undefined {
  if (deliveries.length === 0) return undefined
  const rows = deliveries.map(({ receiver, reason, state, attempts, lastAt, failure }) => [
    time.short(lastAt),
    receiver,
    reason,
    state,
    attempts === 1 ? '' : `${attempts} tries`,
    failure ?? '',
  ])
  return formatTable(rows, cli.stdout)
}

function trailOf({ trail, time }: Page, cli: Cli): string | undefined {
  if (trail.length === 0) return undefined
  const rows = trail.map((entry) => {
    const { at, by, from, action, stateBefore, stateAfter, reason, comment } = entry
    const way = stateBefore === stateAfter ? '' : `${stateBefore} → ${stateAfter}`
    return [
      time.short(at),
      `${oneLine(by, VALUE_LENGTH_MAX)} (${from})`,
      reason === undefined ? action : `${action}: ${reason}`,
      way,
      comment === undefined ? '' : oneLine(comment, TEXT_LENGTH_MAX),
    ]
  })
  return formatTable(rows, cli.stdout)
}

/** One line a node: its verdict, what was asked, what was found. */
function whyTree(why: Why, depth: number): string {
  const mark = why.verdict ? 'yes' : 'no '
  const pad = '  '.repeat(depth)
  const name = why.name === undefined ? '' : ` (${oneLine(why.name, VALUE_LENGTH_MAX)})`
  if (why.kind === 'leaf') {
    const path = why.path === undefined ? '' : ` ${why.path}`
    const asked = `${why.fact}${path} ${why.operator} ${oneLine(why.expected ?? '', VALUE_LENGTH_MAX)}`
    const found = oneLine(why.found ?? 'nothing', VALUE_LENGTH_MAX)
    return `${mark}  ${pad}${asked}: found ${found}${name}`
  }
  const children = depth >= WHY_DEPTH_MAX ? [] : (why.children ?? [])
  const lines = children.map((child) => whyTree(child, depth + 1))
  return [`${mark}  ${pad}${why.kind}${name}`, ...lines].join('\n')
}

function optional(text: string | undefined): string | undefined {
  return text === undefined ? undefined : manyLines(text, TEXT_LENGTH_MAX)
}

function listOf(texts: readonly string[]): string | undefined {
  return texts.map((text) => `- ${oneLine(text, TEXT_LENGTH_MAX)}`).join('\n') || undefined
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ')
}
