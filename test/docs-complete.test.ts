// What the documents leave out: docs/rules.md names all that the language has, docs/operations.md what
// the service says and keeps, and docs/failures.md a test for each of its claims.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DECORATOR_NAMES } from '../src/core/decorators.ts'
import { FACT_NAMES } from '../src/core/event.ts'
import { OPERATORS } from '../src/core/operators/registry.ts'
import { RULE_KEYS } from '../src/core/rule.ts'
import { ALERT_KEYS, TEMPLATE_NAMES } from '../src/core/rule-alert.ts'
import { DETECT_KINDS } from '../src/core/rule-detect-keys.ts'
import { OVERRIDE_KEYS } from '../src/core/rule-override.ts'
import { REPEAT_KEYS, TEST_KEYS, TIME_KEYS } from '../src/core/rule-test-parse.ts'
import { isObject } from '../src/core/shape.ts'
import { createKeys } from '../src/state/keys.ts'
import { codeInColumn, codeSpans, pageOf, ROOT, section } from './markdown.ts'

describe('docs/rules.md names the whole language', () => {
  const page = pageOf('docs/rules.md')
  const tableOf = (heading: string): readonly string[] => codeInColumn(section(page, heading), 0)
  const examples = page.blocks
    .filter(({ language }) => language === 'json')
    .map(({ text }) => JSON.parse(text) as unknown)

  it.each([
    ['facts', '## Facts', FACT_NAMES],
    ['operators', '## Operators', [...OPERATORS.keys()]],
    ['decorators', '## Decorators', DECORATOR_NAMES],
    ['keys of a rule', '## Keys of a rule', Object.keys(RULE_KEYS)],
    ['keys of alert', '## Alerts', Object.keys(ALERT_KEYS)],
    ['names in templates', '### Templates', TEMPLATE_NAMES.map((name) => `{{ ${name} }}`)],
    ['kinds of detect', '## Detect', Object.keys(DETECT_KINDS)],
    ['keys of a test', '## Tests', Object.keys(TEST_KEYS)],
    ['keys of an event', '### Events', [...Object.keys(REPEAT_KEYS), ...Object.keys(TIME_KEYS)]],
    ['keys of overrides', '## Overrides', Object.keys(OVERRIDE_KEYS)],
  ])('all %s', (_what, heading, names) => {
    const documented = new Set(tableOf(heading))
    expect(names.filter((name) => !documented.has(name))).toEqual([])
  })

  it.each([
    ['facts', '## Facts', FACT_NAMES],
    ['operators', '## Operators', [...OPERATORS.keys()]],
    ['decorators', '## Decorators', DECORATOR_NAMES],
    ['keys of a rule', '## Keys of a rule', Object.keys(RULE_KEYS)],
    ['kinds of detect', '## Detect', Object.keys(DETECT_KINDS)],
  ])('no other %s', (_what, heading, names) => {
    const known: readonly string[] = names
    expect(tableOf(heading).filter((name) => !known.includes(name))).toEqual([])
  })

  it('each key of each kind of detect', () => {
    const rows = section(page, '## Detect').filter((line) => line.startsWith('|'))
    for (const [kind, { keys }] of Object.entries(DETECT_KINDS)) {
      const row = rows.find((line) => line.startsWith(`| \`${kind}\` `)) ?? ''
      const named = codeSpans(row)
      expect([kind, Object.keys(keys).filter((key) => !named.includes(key))]).toEqual([kind, []])
    }
  })

  it('each operator and each decorator with an example', () => {
    const used = new Set(examples.flatMap(operatorsIn))
    const parts = [...used].flatMap((text) => text.split(':'))
    const wanted = [...OPERATORS.keys(), ...DECORATOR_NAMES]
    expect(wanted.filter((name) => !parts.includes(name))).toEqual([])
  })
})

/** The operators, with their decorators, anywhere in a value. */
function operatorsIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(operatorsIn)
  if (!isObject(value)) return []
  const own = typeof value['operator'] === 'string' ? [value['operator']] : []
  return [...own, ...Object.values(value).flatMap(operatorsIn)]
}

describe('docs/operations.md', () => {
  const page = pageOf('docs/operations.md')

  it('explains log lines that the service writes', () => {
    const sources = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      .join('\n')
    const lines = codeInColumn(section(page, '## Log lines'), 0)
    expect(lines.length).toBeGreaterThan(10)
    // What varies is written as … there.
    const unknown = lines.flatMap((line) =>
      line
        .split('…')
        .map((part) => part.replace(/^[\s;:,()]+|[\s(]+$/g, ''))
        .filter((part) => !sources.includes(part)),
    )
    expect(unknown).toEqual([])
  })

  it('names Redis keys that the service uses', () => {
    const keys = createKeys('tocsin')
    const all = page.blocks.map(({ text }) => text).join('\n')
    expect(all).toContain(keys.deadLetters('31720001'))
    expect(all).toContain(`${keys.queue('deliver-slack')}:deliver-slack:failed`)
  })
})

describe('docs/failures.md', () => {
  const rows = pageOf('docs/failures.md')
    .prose.filter((line) => /^\| (?!fault|---)/.test(line))
    .map((line) => [line.split(' | ')[0]?.slice(2) ?? '', line] as const)

  it.each(rows)('%s: is shown by a test of that name', (_fault, line) => {
    const links = [...line.matchAll(/\[([^\]]+)\]\(\.\.\/(test\/[^)]+)\)/g)]
    expect(links.length).toBeGreaterThan(0)
    for (const [, name = '', file = ''] of links) {
      const isFixture = existsSync(join(ROOT, 'test/fixtures/rules', name))
      // Titles stand in one line of the source, perhaps cut by a %s.
      if (!isFixture) expect(readFileSync(join(ROOT, file), 'utf8')).toContain(name)
    }
  })
})
