// Owns what `tocsin init` must know: from flags and variables, or asked on a terminal. Checks each answer.
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { parseCidr } from '../core/address.ts'
import { isTimezone } from '../core/calendar.ts'
import { type Cli, CommandError } from './context.ts'

export type InitOptions = {
  readonly yes?: boolean
  readonly force?: boolean
  readonly timezone?: string
  readonly offices?: string
  readonly programs?: string
  readonly administrators?: string
  readonly mailTo?: string
  readonly mailFrom?: string
  readonly history?: string | false
  readonly testMessage?: boolean
}

/** A secret that stays a variable, or one that was typed and goes into a file. */
export type Secret = { readonly variable: string } | { readonly typed: string }

export type ReceiverAnswer =
  | { readonly name: 'slack'; readonly url: Secret }
  | {
      readonly name: 'mail'
      readonly smtp: Secret
      readonly to: readonly string[]
      readonly from: string
    }

export type Answers = {
  readonly token: Secret
  readonly receivers: readonly ReceiverAnswer[]
  readonly timezone: string
  /** What is added to lists of rules, by the name of the list. */
  readonly lists: Readonly<
    Record<'office-networks' | 'automation-users' | 'administrators', readonly string[]>
  >
}

/** Undefined: fine; else what is expected. */
type Check = (answer: string) => string | undefined

type Question = {
  readonly text: string
  /** The answer from flags or variables; undefined: not given. */
  readonly given: string | undefined
  readonly byDefault: string
  readonly check: Check
  /** Not shown while it is typed. */
  readonly secret?: boolean
}

type Ask = (question: Question) => Promise<string>

/** Wrong answers to one question before it is given up. */
const TRIES_MAX = 3

/** Throws a CommandError (2) that names the flag or variable, where nobody can be asked. */
export async function askAll(cli: Cli, options: InitOptions): Promise<Answers> {
  const isTerminal = Reflect.get(cli.stdin, 'isTTY') === true && options.yes !== true
  const terminal = isTerminal ? openTerminal(cli) : undefined
  const ask: Ask = terminal?.ask ?? takeGiven
  try {
    return {
      token: await askSecret(cli, ask, {
        variable: 'IONOS_TOKEN',
        text: 'Token of a user who may only read the Activity Log (DCD, Management > Token Manager)',
        isNeeded: true,
      }),
      receivers: await askReceivers(cli, ask, options),
      timezone: await ask({
        text: 'Time zone of working hours',
        given: options.timezone,
        byDefault: Intl.DateTimeFormat().resolvedOptions().timeZone,
        check: (zone) =>
          isTimezone(zone) ? undefined : 'a time zone such as Europe/Berlin (--timezone)',
      }),
      lists: {
        'office-networks': await askList(
          ask,
          'Networks of your offices and VPN, with commas',
          options.offices,
          isNetwork,
        ),
        'automation-users': await askList(
          ask,
          'Login names of programs (Terraform, CI, backups), with commas',
          options.programs,
        ),
        administrators: await askList(
          ask,
          'Login names of administrators, with commas',
          options.administrators,
        ),
      },
    }
  } finally {
    terminal?.close()
  }
}

async function askReceivers(
  cli: Cli,
  ask: Ask,
  options: InitOptions,
): Promise<readonly ReceiverAnswer[]> {
  const slack = await askSecret(cli, ask, {
    variable: 'SLACK_WEBHOOK_URL',
    text: 'Incoming webhook of your Slack channel (empty: no Slack)',
    isNeeded: false,
  })
  const to = await askList(
    ask,
    'Addresses that get mail, with commas (empty: no mail)',
    options.mailTo,
    isMail,
  )
  const receivers: ReceiverAnswer[] = isEmpty(slack) ? [] : [{ name: 'slack', url: slack }]
  if (to.length === 0) return receivers
  const smtp = await askSecret(cli, ask, {
    variable: 'SMTP_URL',
    text: 'Mail server, as smtps://user:password@mail.example.com',
    isNeeded: true,
  })
  const from = await ask({
    text: 'Sender of mail',
    given: options.mailFrom,
    byDefault: to[0] ?? '',
    check: (address) => isMail(address),
  })
  return [...receivers, { name: 'mail', smtp, to, from }]
}

function isEmpty(secret: Secret): boolean {
  return 'typed' in secret && secret.typed === ''
}

type Wanted = { readonly variable: string; readonly text: string; readonly isNeeded: boolean }

/** A variable that is set stays one; its value is shown to nobody and written nowhere. */
async function askSecret(
  cli: Cli,
  ask: Ask,
  { variable, text, isNeeded }: Wanted,
): Promise<Secret> {
  if ((cli.env[variable] ?? '').trim() !== '') return { variable }
  const typed = await ask({
    text,
    given: undefined,
    byDefault: '',
    secret: true,
    check: (answer) =>
      answer === '' && isNeeded ? `a value, or the variable ${variable}` : undefined,
  })
  return { typed }
}

async function askList(
  ask: Ask,
  text: string,
  given: string | undefined,
  check: Check = () => undefined,
): Promise<readonly string[]> {
  const answer = await ask({
    text,
    given,
    byDefault: '',
    check: (list) =>
      itemsOf(list)
        .map(check)
        .find((expected) => expected !== undefined),
  })
  return itemsOf(answer)
}

function itemsOf(list: string): readonly string[] {
  return list.split(',').flatMap((item) => item.trim() || [])
}

function isNetwork(item: string): string | undefined {
  return parseCidr(item) === undefined ? 'networks such as 203.0.113.0/24 (--offices)' : undefined
}

function isMail(item: string): string | undefined {
  return /^[^\s@]+@[^\s@]+$/.test(item)
    ? undefined
    : 'addresses such as soc@example.com (--mail-to, --mail-from)'
}

/** Where nobody can be asked. */
async function takeGiven({ text, given, byDefault, check }: Question): Promise<string> {
  const answer = given ?? byDefault
  const expected = check(answer)
  if (expected === undefined) return answer
  throw new CommandError(
    2,
    `${text}: expected ${expected}`,
    'give it, or run tocsin init on a terminal',
  )
}

type Terminal = { readonly ask: Ask; close(): void }

function openTerminal(cli: Cli): Terminal {
  let isMuted = false
  const output = new Writable({
    write(chunk, _encoding, done) {
      if (!isMuted) cli.stdout.write(String(chunk))
      done()
    },
  })
  const terminal = cli.stdout.isTTY === true
  const lines = createInterface({ input: cli.stdin, output, terminal })
  // What is pasted comes before it is asked for.
  const typed: string[] = []
  let wake = () => {}
  let hasEnded = false
  const end = () => {
    hasEnded = true
    wake()
  }
  lines.on('line', (line) => {
    typed.push(line)
    wake()
  })
  // On a terminal Ctrl-C comes here and not as a signal.
  lines.on('SIGINT', end).on('close', end)
  cli.signal.addEventListener('abort', end, { once: true })

  async function nextLine(): Promise<string> {
    if (typed.length === 0 && !hasEnded) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    const line = typed.shift()
    if (line === undefined) throw new CommandError(1, 'stopped: nothing was written')
    return line
  }

  async function askOnce({ text, byDefault, secret }: Question): Promise<string> {
    const hint = byDefault === '' ? '' : ` [${byDefault}]`
    isMuted = secret === true
    cli.stdout.write(`${text}${hint}: `)
    const answer = (await nextLine()).trim()
    if (isMuted) cli.stdout.write('\n')
    isMuted = false
    return answer === '' ? byDefault : answer
  }

  return {
    async ask(question) {
      if (question.given !== undefined) return takeGiven(question)
      for (let tries = 1; ; tries += 1) {
        const answer = await askOnce(question)
        const expected = question.check(answer)
        if (expected === undefined) return answer
        if (tries === TRIES_MAX) throw new CommandError(2, `expected ${expected}`)
        cli.stdout.write(`  expected ${expected}\n`)
      }
    },
    close: () => lines.close(),
  }
}
