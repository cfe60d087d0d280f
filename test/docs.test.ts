// What the documents say is tried: every JSON block is loaded and judged, every command line exists,
// with these options. How blocks are written:
//
// ```json with "id" and "conditions": a rule; it loads without a problem and its tests pass.
// ```json with "conditions" and "matches" or "doesNotMatch": each event there does, or does not.
// ```json below <!-- file: PATH -->: a file (list, shared conditions, overrides, rule) that the
//   rules of the page may name. In docs/tutorial.md: a file of the reader's folder.
// ```json below <!-- wrong -->: a rule with mistakes; the ```text block that follows is, word for
//   word, what is said about them.
// ```json below <!-- data -->: any JSON; it only has to be JSON.
// ```jsonc: a configuration. The first one of a page with "schedules" is that of its rules.
// <!-- warns --> above a rule or a match: warnings are allowed.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Command } from 'commander'
import { parse as parseJsonc } from 'jsonc-parser'
import { afterAll, describe, expect, it } from 'vitest'
import { createProgram } from '../src/cli/program.ts'
import { loadConfig } from '../src/config-file.ts'
import { createCalendar } from '../src/core/calendar.ts'
import { formatProblem, type Problem } from '../src/core/problem.ts'
import type { Schedule } from '../src/core/schedule.ts'
import { isObject } from '../src/core/shape.ts'
import { runRuleTests } from '../src/rule-tests.ts'
import { buildRuleSet } from '../src/ruleset.ts'
import type { FileRole, RuleFile } from '../src/ruleset-files.ts'
import {
  argumentsOf,
  type Block,
  blocksOf,
  codeSpans,
  fileNameOf,
  type Page,
  pageOf,
  PAGES,
  ROOT,
  shellLines,
  splitShell,
} from './markdown.ts'
import { DOCUMENTS_DATE, silentCli } from './silent-cli.ts'

/** What configurations in documents take from the environment. */
const VARIABLES = {
  ANNA_TOKEN: 'anna-0123456789-0123456789',
  PROMETHEUS_TOKEN: 'prometheus-0123456789',
  IONOS_TOKEN: 'token',
  SLACK_WEBHOOK_URL: 'https://hooks.slack.com/services/T0/B0/x',
  SLACK_BOT_TOKEN: 'xoxb-0123456789-0123456789',
  WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
  PAGERDUTY_KEY: 'R0UT1NGKEYR0UT1NGKEYR0UT1NGKEY00',
  SMTP_URL: 'smtps://user:password@mail.example.com',
  ALERT_EMAIL_TO: 'soc@example.com',
  ALERT_EMAIL_FROM: 'tocsin@example.com',
  REDIS_URL: 'rediss://redis.example.com:6379',
}

const folder = mkdtempSync(join(tmpdir(), 'tocsin-docs-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('every configuration in the documents', () => {
  it.each(blocksOf('jsonc'))('%s is read without a problem', async (name, block) => {
    const file = `${name.replace(/\W/g, '-')}.json`
    writeFileSync(join(folder, file), block.text)
    const { problems } = await loadConfig({ env: VARIABLES, cwd: folder, file })
    expect(problems.map(formatProblem)).toEqual([])
  })
})

const ROLES: Readonly<Record<string, FileRole>> = {
  '_conditions.json': 'conditions',
  '_overrides.json': 'overrides',
}

/** The files that the rules of a page share. */
function sharedFiles({ blocks }: Page): readonly RuleFile[] {
  return blocks.flatMap((block) => {
    const path = fileNameOf(block)
    if (path === undefined || !/(^|\/)_/.test(path)) return []
    const role = path.includes('_lists/') ? 'list' : (ROLES[basename(path)] as FileRole)
    return [{ role, name: basename(path, '.json'), path, text: block.text }]
  })
}

async function schedulesOf({ blocks }: Page): Promise<ReadonlyMap<string, Schedule>> {
  const configs = blocks.filter(({ language }) => language === 'jsonc')
  const found = configs.find(({ text }) => isObject(parseJsonc(text)?.schedules))
  if (found === undefined) return new Map()
  writeFileSync(join(folder, 'schedules.json'), found.text)
  const { config } = await loadConfig({ env: VARIABLES, cwd: folder, file: 'schedules.json' })
  return config?.schedules ?? new Map()
}

/** Loads a rule beside the files of its page, as `rules validate` does. */
async function load(block: Block, rule: { readonly id: string; readonly text: string }) {
  const page = pageOf(block.page)
  const own: RuleFile = { role: 'rule', name: rule.id, path: `${rule.id}.json`, text: rule.text }
  const overrides = sharedFiles(page).filter(({ role }) => role === 'overrides')
  // Overrides speak of rules by id: those of the page belong to its whole rules.
  const ids = overrides.flatMap(({ text }) => Object.keys(JSON.parse(text) as object))
  const shared = sharedFiles(page).filter(
    ({ role }) => role !== 'overrides' || ids.every((id) => id === rule.id || id === '$schema'),
  )
  const files = { files: [...shared, own], problems: [], version: 'docs' }
  return buildRuleSet(files, { schedules: await schedulesOf(page), nowDate: DOCUMENTS_DATE })
}

function told(problems: readonly Problem[], { marker }: Block): readonly string[] {
  const counted = problems.filter(({ level }) => level === 'error' || marker !== 'warns')
  return counted.map(formatProblem)
}

async function failuresOf(block: Block, rule: { readonly id: string; readonly text: string }) {
  const { ruleSet, problems } = await load(block, rule)
  const complaints = told(problems, block)
  const calendar = createCalendar('UTC')
  const loaded = ruleSet.all.find(({ id }) => id === rule.id)
  const tested = loaded === undefined ? [] : [loaded]
  const results = await Promise.all(tested.map((one) => runRuleTests(one, ruleSet, calendar)))
  const failed = results
    .flat()
    .flatMap(({ test, failures }) => failures.map((f) => `${test}: ${f}`))
  return [...complaints, ...failed]
}

/** A match block as a rule with one test per event. */
function exampleRule(value: Readonly<Record<string, unknown>>) {
  const test = (alerts: number) => (event: unknown, at: number) => ({
    name: `${alerts === 1 ? 'matches' : 'does not match'} ${at + 1}`,
    alerts,
    events: [event],
  })
  const { conditions, matches = [], doesNotMatch = [] } = value
  const tests = [
    ...(matches as readonly unknown[]).map(test(1)),
    ...(doesNotMatch as readonly unknown[]).map(test(0)),
  ]
  const rule = { id: 'example', title: 'Example', severity: 'info', conditions, tests }
  return { id: 'example', text: JSON.stringify(rule) }
}

const JSON_BLOCKS = blocksOf('json').filter(([, { page }]) => page !== 'docs/tutorial.md')
const isMatch = (value: object): boolean => 'matches' in value || 'doesNotMatch' in value

describe('every JSON block in the documents', () => {
  it.each(JSON_BLOCKS)('%s says what is so', async (name, block) => {
    const value: unknown = JSON.parse(block.text)
    if (block.marker === 'data') return
    if (!isObject(value)) throw new Error(`${name}: mark it with <!-- data -->`)
    const path = fileNameOf(block)
    if (path !== undefined && /(^|\/)_/.test(path)) {
      // Loaded with a rule that uses nothing of it, so that its own faults show.
      const plain = exampleRule({ conditions: { all: [ALWAYS] }, matches: [{ user: 'a' }] })
      expect(await failuresOf(block, plain)).toEqual([])
    } else if (block.marker === 'wrong') {
      const { problems } = await load(block, { id: String(value['id']), text: block.text })
      const { blocks } = pageOf(block.page)
      const next = blocks[blocks.findIndex(({ line }) => line === block.line) + 1]
      expect(next?.language).toBe('text')
      expect(problems.map(formatProblem).join('\n')).toBe(next?.text)
    } else if ('conditions' in value && isMatch(value)) {
      expect(await failuresOf(block, exampleRule(value))).toEqual([])
    } else if ('conditions' in value && typeof value['id'] === 'string') {
      expect(await failuresOf(block, { id: value['id'], text: block.text })).toEqual([])
    } else throw new Error(`${name}: no rule, no match and no file: see the head of this test`)
  })
})

const ALWAYS = { fact: 'id', operator: 'exists', value: true }

function commandsIn(program: Command): readonly Command[] {
  return [program, ...program.commands.flatMap(commandsIn)]
}

const SHELL_COMMANDS = [...blocksOf('sh'), ...blocksOf('console')].flatMap(([name, block]) =>
  splitShell(shellLines(block)).map((words) => ({ name, words })),
)
const CALLS = SHELL_COMMANDS.flatMap(({ name, words }) => {
  const args = argumentsOf(words)
  return args === undefined ? [] : [[`${name}: ${words.join(' ')}`, args] as const]
})
const MENTIONS = PAGES.flatMap(({ path, prose }) =>
  prose.flatMap((line, at) =>
    codeSpans(line).flatMap((code) => {
      const args = argumentsOf(code.split(' '))
      // "tocsin is running" is a line of the log.
      if (args === undefined || args[0] === 'is') return []
      return [[`${path}:${at + 1}: ${args.join(' ')}`, args] as const]
    }),
  ),
)

describe('every command in the documents', () => {
  it.each(CALLS)('%s can be typed', async (_name, args) => {
    const program = await createProgram(silentCli())
    for (const command of commandsIn(program)) {
      if (command.commands.length === 0) command.action(() => {})
    }
    const ending = await program.parseAsync(args, { from: 'user' }).then(
      () => 'fine',
      (error: { readonly exitCode: number; readonly message: string }) =>
        error.exitCode === 0 ? 'fine' : error.message,
    )
    expect(ending).toBe('fine')
  })

  it.each(MENTIONS)('%s has these names', async (_name, args) => {
    const program = await createProgram(silentCli())
    let command = program
    const rest = [...args]
    while (rest[0] !== undefined) {
      const child = command.commands.find((one) => one.name() === rest[0])
      if (child === undefined) break
      command = child
      rest.shift()
    }
    const known = [...command.options, ...program.options].map((option) => option.long)
    const flags = rest.filter((word) => word.startsWith('--')).map((word) => word.split('=')[0])
    expect(flags.filter((flag) => flag !== '--help' && !known.includes(flag))).toEqual([])
    if (command.commands.length > 0)
      expect(rest.filter((word) => /^[a-z-]+$/.test(word))).toEqual([])
  })

  it('that npm runs is a script of the package', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    const named = SHELL_COMMANDS.flatMap(({ words: [npm, verb, script] }) => {
      if (npm !== 'npm') return []
      return verb === 'run' ? [script ?? ''] : [verb ?? '']
    })
    const missing = named.filter((name) => !['ci', 'install'].includes(name) && !scripts[name])
    expect(missing).toEqual([])
  })
})
