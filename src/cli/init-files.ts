// Owns the files `tocsin init` writes: the configuration, secrets that were typed, items of lists.
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CONFIG_FILE_DEFAULT } from '../config-file.ts'
import { isObject } from '../core/shape.ts'
import { type Cli, CommandError } from './context.ts'
import type { Answers, ReceiverAnswer, Secret } from './init-answers.ts'

/** The default data folder: it is ignored by git. */
const SECRETS_FOLDER = '.tocsin'
const OWNER_ONLY = 0o600

export type WrittenFiles = { readonly config: string; readonly lists: readonly string[] }

/** Throws a CommandError (1) when there is a configuration and `force` is not set: nothing is written then. */
export async function writeFiles(
  cli: Cli,
  answers: Answers,
  force: boolean,
): Promise<WrittenFiles> {
  const path = join(cli.cwd, CONFIG_FILE_DEFAULT)
  if (!force && existsSync(path)) {
    throw new CommandError(
      1,
      `${CONFIG_FILE_DEFAULT} exists already`,
      'add --force to write over it',
    )
  }
  await writeSecrets(cli, answers)
  await write(path, describeConfig(cli, answers))
  const lists: string[] = []
  for (const [name, items] of Object.entries(answers.lists)) {
    if (items.length > 0) lists.push(await addToList(cli, name, items))
  }
  return { config: CONFIG_FILE_DEFAULT, lists }
}

const SECRET_FILES: Readonly<Record<ReceiverAnswer['name'] | 'token', string>> = {
  token: 'ionos-token',
  slack: 'slack-webhook',
  mail: 'smtp-url',
}

async function writeSecrets(cli: Cli, { token, receivers }: Answers): Promise<void> {
  const secrets = [
    [SECRET_FILES.token, token] as const,
    ...receivers.map(
      (one) => [SECRET_FILES[one.name], one.name === 'slack' ? one.url : one.smtp] as const,
    ),
  ]
  for (const [name, secret] of secrets) {
    if ('typed' in secret)
      await write(join(cli.cwd, SECRETS_FOLDER, name), `${secret.typed}\n`, OWNER_ONLY)
  }
}

/** How the configuration names a secret: never by its value. */
function nameSecret(secret: Secret, file: string): string {
  return 'variable' in secret ? `\${${secret.variable}}` : `\${file:${SECRETS_FOLDER}/${file}}`
}

function describeConfig(cli: Cli, { token, receivers, timezone }: Answers): string {
  const schema = './schema/config.schema.json'
  const credentials =
    'variable' in token
      ? `"token": ${JSON.stringify(`\${${token.variable}}`)}`
      : `"tokenFile": ${JSON.stringify(join(cli.cwd, SECRETS_FOLDER, SECRET_FILES.token))}`
  const lines = [
    '// Written by tocsin init. Every key has a default; docs/operations.md says what there is.',
    '{',
    ...(existsSync(join(cli.cwd, schema)) ? [`  "$schema": ${JSON.stringify(schema)},`] : []),
    '  // Of hours and weekdays in rules, and of times in messages.',
    `  "timezone": ${JSON.stringify(timezone)},`,
    '  // The token is never here: a variable, or a file that is read again when it is refused.',
    `  "ionos": { ${credentials} },`,
    '  // Who is told. tocsin send-test NAME sends a marked message.',
    `  "receivers": {${receivers.length === 0 ? '' : '\n'}${receivers.map(describeReceiver).join(',\n')}${receivers.length === 0 ? '' : '\n  '}}`,
    '}',
  ]
  return `${lines.join('\n')}\n`
}

function describeReceiver(receiver: ReceiverAnswer): string {
  const value =
    receiver.name === 'slack'
      ? { type: 'slack', url: nameSecret(receiver.url, SECRET_FILES.slack) }
      : {
          type: 'email',
          smtp: nameSecret(receiver.smtp, SECRET_FILES.mail),
          from: receiver.from,
          to: receiver.to,
        }
  return `    ${JSON.stringify(receiver.name)}: ${JSON.stringify(value)}`
}

/** Adds what is not there yet; says what it did, or what to do where the rules are not a folder of yours. */
async function addToList(cli: Cli, name: string, items: readonly string[]): Promise<string> {
  const shown = join('rules', '_lists', `${name}.json`)
  const path = join(cli.cwd, shown)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch {
    return `not written, because there is no ${shown} here: ${items.join(', ')} (copy the folder rules, and run this again)`
  }
  const list: unknown = parse(text)
  if (!isObject(list) || !Array.isArray(list['items']))
    return `not written, because ${shown} is no list`
  const known: readonly unknown[] = list['items']
  const added = items.filter((item) => !known.includes(item))
  if (added.length === 0) return `${shown} has them already`
  await write(path, `${JSON.stringify({ ...list, items: [...known, ...added] }, null, 2)}\n`)
  return `added to ${shown}: ${added.join(', ')}`
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export async function write(path: string, content: string, mode = 0o644): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content, { mode })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    throw new CommandError(3, `${path} can't be written (${code})`, 'check the folder', error)
  }
}
