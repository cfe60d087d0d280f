// Owns logging: one structured line a happening on stderr; text for people, JSON for machines.
import pino from 'pino'

/** What modules need of a logger: an object of fields first, then the sentence. */
export type Log = Pick<
  pino.Logger,
  'debug' | 'info' | 'warn' | 'error' | 'child' | 'isLevelEnabled'
>

/** A logger that says nothing, for tests and for commands that report by themselves. */
export const silentLog: Log = pino({ level: 'silent' })

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const

export type LogLevel = (typeof LOG_LEVELS)[number]

type LogOptions = {
  readonly level: LogLevel
  /** Where lines go; a terminal gets text, anything else JSON. */
  readonly output: { write(text: string): unknown; readonly isTTY?: boolean | undefined }
}

/** Field names whose values are never written, wherever they turn up. */
const SECRET_FIELDS = ['token', 'password', 'url', 'authorization', 'smtp', 'secret']

/** A logger of the given level. Values of fields that hold secrets are replaced. */
export function createLog(options: LogOptions): Log {
  const paths = SECRET_FIELDS.flatMap((name) => [name, `*.${name}`])
  const stream = options.output.isTTY ? prettyStream(options.output) : options.output
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths, censor: '[secret]' },
      serializers: { error: pino.stdSerializers.err },
    },
    { write: (line: string) => void stream.write(line) },
  )
}

const LEVEL_COLOURS: Readonly<Record<string, string>> = {
  debug: '\u001b[2m',
  info: '\u001b[36m',
  warn: '\u001b[33m',
  error: '\u001b[31m',
}

/** Turns JSON lines into `12:00:01 warn  sentence key=value`, with colours. */
function prettyStream(output: LogOptions['output']): { write(line: string): unknown } {
  return { write: (line) => output.write(prettyLine(line)) }
}

function prettyLine(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>
  const colour = LEVEL_COLOURS[String(level)] ?? ''
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${prettyValue(value)}`)
  const clock = String(time).slice(11, 19)
  const tail = rest.length > 0 ? ` \u001b[2m${rest.join(' ')}\u001b[0m` : ''
  return `${clock} ${colour}${String(level).padEnd(5)}\u001b[0m ${printable(String(msg))}${tail}\n`
}

function prettyValue(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'message' in value) {
    return printable(JSON.stringify(value.message))
  }
  return printable(typeof value === 'string' ? value : JSON.stringify(value))
}

/** Log fields can hold what an attacker wrote: no control character reaches the terminal. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\uFFFD')
}
