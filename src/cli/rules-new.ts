// Owns `tocsin rules new`: a rule to begin with, one that loads and has tests.
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { Command } from 'commander'
import { isRuleId } from '../core/rule.ts'
import { INSTALLED } from '../installation.ts'
import { type Cli, CommandError } from './context.ts'
import { readSettings } from './settings.ts'

const SCHEMA = INSTALLED.ruleSchema

/** Of the 100 columns of a line, less what stands before a list. */
const LIST_LINE_MAX = 80

export function rulesNewCommand(cli: Cli): Command {
  return new Command('new')
    .description('write a new rule with a test, ready to be changed')
    .argument('<id>', 'small letters, digits and "-"; also the name of the file')
    .addHelpText(
      'after',
      '\nThe rule is staged: it runs and records, but notifies nobody until its status is active.\n\nExample:\n  tocsin rules new user-deleted --rules rules',
    )
    .action(async (id: string, _options: unknown, command: Command) => {
      if (!isRuleId(id)) {
        const remedy = 'use small letters, digits and "-", such as user-deleted'
        throw new CommandError(2, `${JSON.stringify(id)} is no id for a rule`, remedy)
      }
      const { config, json } = await readSettings(cli, command)
      const folder = resolve(config.rules[0] ?? 'rules')
      // The rules that come with the program lie outside: an update would throw a new one away.
      if (folder !== resolve(cli.cwd) && !folder.startsWith(resolve(cli.cwd) + sep)) {
        const remedy = 'name a folder of yours: --rules DIR'
        throw new CommandError(2, `the first folder of rules is ${folder}, not below here`, remedy)
      }
      const path = join(folder, `${id}.json`)
      await write(path, scaffold(id, path))
      const shown = relative(cli.cwd, path)
      cli.stdout.write(json ? `${JSON.stringify({ id, file: shown })}\n` : `${shown}\n`)
      if (!json)
        cli.stderr.write('change it, then run: tocsin rules validate && tocsin rules test\n')
    })
}

async function write(path: string, content: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content, { flag: 'wx' })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'EEXIST') {
      throw new CommandError(1, `${path} exists already`, 'choose another id', error)
    }
    throw new CommandError(3, `${path} can't be written (${code})`, 'check the folder', error)
  }
}

/** A rule that loads without a warning; its test shows both verdicts. */
function scaffold(id: string, path: string): string {
  const rule = {
    ...(existsSync(SCHEMA) && { $schema: relative(dirname(path), SCHEMA).split(sep).join('/') }),
    id,
    title: 'A user was deleted',
    description: 'Why this matters to whoever is woken by it.',
    severity: 'medium',
    status: 'staged',
    tags: ['attack.impact', 'attack.t1531'],
    falsePositives: ['Somebody has left the company'],
    runbook: 'Ask who did it. If nobody knows, disable their account and restore the user.',
    conditions: {
      all: [
        { fact: 'operation', operator: 'equal', value: 'delete' },
        { fact: 'resource', operator: 'equal', value: 'user' },
        { fact: 'outcome', operator: 'equal', value: 'accepted' },
      ],
    },
    alert: {
      title: '{{ user }} deleted the user {{ resourceId }}',
      groupBy: ['user'],
      quiet: '1h',
    },
    tests: [
      {
        name: 'a deleted user alerts',
        alerts: 1,
        events: [
          {
            user: 'mallory@example.com',
            operation: 'delete',
            resource: 'user',
            resourceId: '1466',
            outcome: 'accepted',
          },
        ],
      },
      {
        name: 'a created user does not',
        alerts: 0,
        events: [
          {
            user: 'mallory@example.com',
            operation: 'create',
            resource: 'user',
            resourceId: '1466',
            outcome: 'accepted',
          },
        ],
      },
    ],
  }
  return `${layOut(rule)}\n`
}

/** As formatters for JSON lay it out: lists of texts stand in one line where they fit. */
function layOut(value: unknown): string {
  const lists = /\[\n\s+("[^\n]*"(?:,\n\s+"[^\n]*")*)\n\s+\]/g
  return JSON.stringify(value, undefined, 2).replace(lists, (list, items: string) => {
    const line = `[${items.replace(/\n\s+/g, ' ')}]`
    return line.length <= LIST_LINE_MAX ? line : list
  })
}
