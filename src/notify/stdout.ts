// Owns showing alerts as text on the terminal, for the demo and for trying out. No escape of theirs gets there.
import { z } from 'zod'
import type { Severity } from '../core/severity.ts'
import { contextParts, createMessage, type Message } from './message.ts'
import { DeliveryError, type ReceiverKind } from './receiver.ts'
import { tableText } from './table-text.ts'
import { createTimeText } from './time-text.ts'

const schema = z.strictObject({})

export type StdoutConfig = z.infer<typeof schema>

export const stdout = {
  type: 'stdout',
  schema,
  paceMsDefault: 0,
  create(_config, context) {
    const time = createTimeText(context.timezone)
    const paint = context.output.colour ? paintAnsi : paintNothing
    let closed = false
    return {
      name: context.name,
      type: 'stdout',
      async send(notification, signal) {
        if (closed || signal.aborted) {
          throw new DeliveryError(
            `write to receiver ${context.name}: ${closed ? 'closed' : 'cancelled'}`,
            {
              reason: 'aborted',
              retryable: true,
            },
          )
        }
        context.output.write(renderText(createMessage(notification, time), paint))
      },
      async close() {
        closed = true
      },
    }
  },
} satisfies ReceiverKind<StdoutConfig>

type Style = Severity | 'bold' | 'dim' | 'warn'
type Paint = (style: Style, text: string) => string

const ANSI: Readonly<Record<Style, string>> = {
  info: '30;47',
  low: '97;44',
  medium: '30;43',
  high: '30;48;5;208',
  critical: '97;41',
  bold: '1',
  dim: '2',
  warn: '33',
}

function paintAnsi(style: Style, text: string): string {
  return `\u001b[${ANSI[style]}m${text}\u001b[0m`
}

function paintNothing(_style: Style, text: string): string {
  return text
}

/** Facts a person wants first: who, from where, what. */
const HEADLINE_LABELS: readonly string[] = [
  'User',
  'IP address',
  'Country',
  'Operation',
  'Resource',
]

/** One block for one alert, ending in an empty line. */
export function renderText(message: Message, paint: Paint): string {
  const { label, severity, name, title, notes, evidence, why, runbook } = message
  const lines = [
    `${paint(severity, ` ${label} `)} ${paint('bold', title)} ${paint('dim', name)}`,
    ...notes.map((note) => `  ${paint('warn', `! ${note}`)}`),
    `  ${paint('dim', contextParts(message).join(' · '))}`,
  ]
  const who = message.fields.filter((field) => HEADLINE_LABELS.includes(field.name))
  const rest = message.fields.filter((field) => !HEADLINE_LABELS.includes(field.name))
  for (const fields of [who, rest]) {
    const parts = fields.map((field) => `${paint('dim', `${field.name}:`)} ${field.value}`)
    if (parts.length > 0) lines.push(`  ${parts.join('  ')}`)
  }
  if (evidence !== undefined) lines.push(indent(paint('dim', tableText(evidence))))
  if (why !== undefined) lines.push(`  ${paint('dim', 'why:')} ${why}`)
  if (runbook !== undefined) lines.push(`  ${paint('dim', 'next:')} ${firstStep(runbook)}`)
  return `${lines.join('\n')}\n\n`
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '    ')
}

/** `1. Ask the user. 2. …` → `1. Ask the user.` */
function firstStep(runbook: string): string {
  const line = runbook.split('\n')[0] ?? ''
  const second = line.search(/\s2[.)]\s/)
  return second > 0 ? line.slice(0, second) : line
}
