// Owns showing alerts as text on the terminal, for the demo and for trying out.
import { z } from 'zod'
import { factLabel } from './fact-label.ts'
import { createMessageOf } from './message-of.ts'
import type { Message, Tone } from './message.ts'
import { DeliveryError, type ReceiverKind } from './receiver.ts'
import { tableText } from './table-text.ts'
import { createTimeText } from './time-text.ts'

const schema = z.strictObject({})

export type StdoutConfig = z.infer<typeof schema>

export const stdout = {
  type: 'stdout',
  schema,
  paceMsDefault: 0,
  budgetDefault: 'off',
  stateful: () => false,
  readBy: 'people',
  create(_config, context) {
    const time = createTimeText(context.timezone)
    const paint = context.output.colour ? paintAnsi : paintNothing
    let closed = false
    return {
      name: context.name,
      type: 'stdout',
      async send(notice, signal) {
        if (closed || signal.aborted) {
          throw new DeliveryError(
            `write to receiver ${context.name}: ${closed ? 'closed' : 'cancelled'}`,
            {
              reason: 'aborted',
              retryable: true,
            },
          )
        }
        context.output.write(renderText(createMessageOf(notice, time, context.publicUrl), paint))
      },
      async close() {
        closed = true
      },
    }
  },
} satisfies ReceiverKind<StdoutConfig>

type Style = Tone | 'bold' | 'dim' | 'warn'
type Paint = (style: Style, text: string) => string

const ANSI: Readonly<Record<Style, string>> = {
  info: '30;47',
  low: '97;44',
  medium: '30;43',
  high: '30;48;5;208',
  critical: '97;41',
  over: '30;42',
  test: '30;47',
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

/** One block for one alert: a heading, labelled lines, an empty line. */
function renderText(message: Message, paint: Paint): string {
  const { label, tone, name, title, notes, summary, why, runbook } = message
  const line = (head: string, text: string): string => {
    return text === '' ? '' : `  ${paint('dim', head.padEnd(4))}  ${text}`
  }
  const lines = [
    `${paint(tone, ` ${label} `)} ${paint('bold', title)} ${paint('dim', name)}`,
    ...notes.map((note) => `  ${paint('warn', `! ${note}`)}`),
    line('what', whatText(message)),
    line('who', whoText(message)),
    line('when', message.when),
    ...(summary === undefined || summary === title ? [] : [line('more', summary)]),
    line('also', message.rule === '' ? '' : restText(message)),
    ...(message.rule === '' ? digestLines(message) : []),
    line('rule', message.rule === '' ? '' : `${message.rule} · contract ${message.contract}`),
    line('why', why ?? ''),
    line('next', runbook === undefined ? '' : firstStep(runbook)),
  ]
  return `${lines.filter((text) => text !== '').join('\n')}\n\n`
}

/** What a digest holds, a line for each rule and severity. */
function digestLines({ evidence }: Message): readonly string[] {
  if (evidence === undefined) return []
  return tableText(evidence)
    .split('\n')
    .map((text) => `  ${text}`)
}

/** `delete server · 12 events`. */
function whatText(message: Message): string {
  const what = [valueOf(message, 'operation'), valueOf(message, 'resource')]
  return [what.filter((word) => word !== '').join(' '), message.count]
    .filter((part) => part !== '')
    .join(' · ')
}

/** `mallory@example.com from 203.0.113.42 (NL)`. */
function whoText(message: Message): string {
  const [user, ip] = [valueOf(message, 'user'), valueOf(message, 'ip')]
  const country = valueOf(message, 'country')
  const from = [ip, country === '' ? '' : `(${country})`].filter((part) => part !== '').join(' ')
  return [user, from].filter((part) => part !== '').join(' from ')
}

const HEADLINE_FACTS = ['user', 'ip', 'country', 'operation', 'resource'] as const

/** Fields that are in none of the other lines. */
function restText({ fields }: Message): string {
  const told = new Set(HEADLINE_FACTS.map(factLabel))
  const rest = fields.filter(({ name }) => !told.has(name))
  return rest.map(({ name, value }) => `${name}: ${value}`).join(' · ')
}

function valueOf({ fields }: Message, fact: (typeof HEADLINE_FACTS)[number]): string {
  return fields.find((field) => field.name === factLabel(fact))?.value ?? ''
}

/** `1. Ask the user. 2. …` → `1. Ask the user.` */
function firstStep(runbook: string): string {
  const line = runbook.split('\n')[0] ?? ''
  const second = line.search(/\s2[.)]\s/)
  return second > 0 ? line.slice(0, second) : line
}
