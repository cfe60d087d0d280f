// A set of rules from folders: what runs, what is left out, and what the set's version is.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Event, FACT_NAMES } from '../src/core/event.ts'
import { formatProblem } from '../src/core/problem.ts'
import { type LoadedRuleSet, loadRuleSet } from '../src/ruleset.ts'
import { RuleFolderError } from '../src/ruleset-files.ts'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tocsin-ruleset-'))
})

afterEach(() => {
  rmSync(root, { recursive: true })
})

const leaf = (fact: string, value: unknown) => ({ fact, operator: 'equal', value })

function ruleOf(id: string, more: object = {}): object {
  const tests = [{ name: 'it alerts', alerts: 1, events: [{ operation: 'delete' }] }]
  const conditions = { all: [leaf('operation', 'delete'), leaf('resource', id)] }
  return { id, title: `Rule ${id}`, severity: 'low', conditions, tests, ...more }
}

/** Writes files below the root: rules by path, anything else as it is. */
function write(files: Readonly<Record<string, unknown>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    const text = typeof content === 'string' ? content : JSON.stringify(content)
    writeFileSync(join(root, path), text)
  }
}

async function load(...folders: string[]): Promise<LoadedRuleSet & { lines: string[] }> {
  const paths = (folders.length > 0 ? folders : ['.']).map((folder) => join(root, folder))
  const options = { folders: paths, schedules: new Map(), nowDate: '2026-11-20' }
  const loaded = await loadRuleSet(options)
  const lines = loaded.problems.map((problem) => formatProblem(problem).replaceAll(`${root}/`, ''))
  return { ...loaded, lines }
}

function eventOf(facts: Partial<Event>): Event {
  const blank = Object.fromEntries(FACT_NAMES.map((name) => [name, undefined]))
  return { ...blank, id: 'e', ...facts } as unknown as Event
}

const idsOf = (rules: readonly { readonly id: string }[]) => rules.map(({ id }) => id)

describe('which rules run', () => {
  test('those of sub-folders, too; by id', async () => {
    write({ 'b.json': ruleOf('b'), 'users/a.json': ruleOf('a'), 'users/x/c.json': ruleOf('c') })
    const { ruleSet, lines } = await load()
    expect(lines).toEqual([])
    expect(idsOf(ruleSet.rules)).toEqual(['a', 'b', 'c'])
    expect(ruleSet.fileOf('a')).toBe(join(root, 'users/a.json'))
    expect(ruleSet.fileOf('nothing')).toBe('')
  })

  test('not what only looks like a rule', async () => {
    write({ 'a.json': ruleOf('a'), 'README.md': 'x', '.hidden.json': 'x', '.git/x.json': 'x' })
    const { ruleSet, lines } = await load()
    expect(lines).toEqual([])
    expect(idsOf(ruleSet.rules)).toEqual(['a'])
  })

  test('a rule behind a link, as mounted configuration has it', async () => {
    write({ '..data/a.json': ruleOf('a') })
    symlinkSync('..data/a.json', join(root, 'a.json'))
    symlinkSync('nowhere.json', join(root, 'broken.json'))
    const { ruleSet, lines } = await load()
    expect(lines).toEqual([])
    expect(idsOf(ruleSet.rules)).toEqual(['a'])
  })

  test('disabled rules are listed, but do not run; those with windows and staged ones do', async () => {
    write({
      'a.json': ruleOf('a', { status: 'disabled' }),
      'b.json': ruleOf('b', { detect: { kind: 'threshold', count: 2, within: '1m' } }),
      'c.json': ruleOf('c', { status: 'staged' }),
    })
    const { ruleSet } = await load()
    expect(idsOf(ruleSet.all)).toEqual(['a', 'b', 'c'])
    expect(idsOf(ruleSet.rules)).toEqual(['b', 'c'])
    const event = (resource: string) => ruleSet.match(eventOf({ operation: 'delete', resource }))
    expect(['a', 'b', 'c'].map((id) => idsOf(event(id)))).toEqual([[], ['b'], ['c']])
  })

  test('a bad rule is left out, the others run', async () => {
    write({
      'a.json': ruleOf('a', { severity: 'hihg' }),
      'b.json': '{',
      'c.json': ruleOf('c'),
      'users/c.json': ruleOf('c', { title: 'the other' }),
    })
    const { ruleSet, lines } = await load()
    expect(idsOf(ruleSet.all)).toEqual(['c'])
    expect(ruleSet.all[0]?.title).toBe('Rule c')
    expect(lines.map((line) => line.split(':')[0])).toEqual(['a.json', 'b.json', 'users/c.json'])
  })

  test('a rule that uses a faulty list or condition is left out', async () => {
    write({
      '_conditions.json': { good: { all: [leaf('operation', 'delete')] }, bad: { all: [] } },
      '_lists/bad.json': { kind: 'values' },
      'a.json': ruleOf('a', { conditions: { all: [{ condition: 'bad' }] } }),
      'b.json': ruleOf('b', {
        conditions: { any: [{ fact: 'user', operator: 'inList', value: 'bad' }] },
      }),
      'c.json': ruleOf('c', { conditions: { all: [{ condition: 'good' }] } }),
      'd.json': ruleOf('d', {
        exceptions: [{ name: 'x', conditions: { not: { condition: 'bad' } } }],
      }),
    })
    const { ruleSet } = await load()
    expect(idsOf(ruleSet.all)).toEqual(['c'])
    expect([...ruleSet.conditions.keys()]).toEqual(['good'])
    expect(idsOf(ruleSet.match(eventOf({ operation: 'delete' })))).toEqual(['c'])
  })
})

describe('several folders', () => {
  test('share lists and conditions', async () => {
    write({
      'shipped/_lists/admins.json': { kind: 'values', items: ['ann@example.com'] },
      'shipped/a.json': ruleOf('a'),
      'mine/_conditions.json': {
        admin: { all: [{ fact: 'user', operator: 'inList', value: 'admins' }] },
      },
      'mine/b.json': ruleOf('b', { conditions: { not: { condition: 'admin' } } }),
    })
    const { ruleSet, lines } = await load('shipped', 'mine')
    expect(lines).toEqual([])
    expect([...ruleSet.lists.keys()]).toEqual(['admins'])
    const matched = (user: string) => idsOf(ruleSet.match(eventOf({ user })))
    expect([matched('ann@example.com'), matched('bob@example.com')]).toEqual([[], ['b']])
  })

  test('one tunes the rules of another', async () => {
    const exceptions = [{ name: 'bots', conditions: { all: [leaf('user', 'bot@example.com')] } }]
    write({
      'shipped/a.json': ruleOf('a', {
        exceptions: [{ name: 'own', conditions: { all: [leaf('user', 'own@example.com')] } }],
      }),
      'shipped/b.json': ruleOf('b'),
      'mine/_overrides.json': {
        a: { severity: 'critical', exceptions },
        b: { status: 'disabled' },
      },
    })
    const { ruleSet } = await load('shipped', 'mine')
    expect(ruleSet.all).toMatchObject([
      { id: 'a', severity: 'critical', exceptions: [{ name: 'own' }, { name: 'bots' }] },
      { id: 'b', severity: 'low', status: 'disabled' },
    ])
    const matched = (user: string) =>
      idsOf(ruleSet.match(eventOf({ operation: 'delete', resource: 'a', user })))
    const users = ['ann@example.com', 'own@example.com', 'bot@example.com']
    expect(users.map(matched)).toEqual([['a'], [], []])
  })

  test('a folder that is not there is an error of its own, naming it', async () => {
    write({ 'a.json': ruleOf('a') })
    const loading = load('.', 'missing')
    await expect(loading).rejects.toBeInstanceOf(RuleFolderError)
    await expect(loading).rejects.toMatchObject({
      message: `read the rules folder ${join(root, 'missing')}: it does not exist`,
      code: 'rule-folder',
    })
  })

  test('a file is no folder', async () => {
    write({ 'a.json': ruleOf('a') })
    await expect(load('a.json')).rejects.toThrow('it is no folder')
  })
})

describe('an exception', () => {
  test('holds through its last day, and no longer', async () => {
    const conditions = { all: [leaf('user', 'bot@example.com')] }
    write({
      'a.json': ruleOf('a', { exceptions: [{ name: 'x', expires: '2026-11-20', conditions }] }),
    })
    const { ruleSet, lines } = await load()
    expect(lines).toEqual([])
    const on = (date: string) => {
      const facts = { operation: 'delete', resource: 'a', user: 'bot@example.com', date }
      return idsOf(ruleSet.match(eventOf(facts)))
    }
    expect([on('2026-11-20'), on('2026-11-21')]).toEqual([[], ['a']])
  })
})

const versionOf = async (folder: string) => (await load(folder)).ruleSet.version

describe('the version', () => {
  test('is the same for the same files, wherever they lie', async () => {
    write({ 'one/a.json': ruleOf('a'), 'two/a.json': ruleOf('a') })
    expect(await versionOf('one')).toBe(await versionOf('two'))
    expect(await versionOf('one')).toMatch(/^[0-9a-f]{12}$/)
  })

  test.each<[string, object]>([
    ['a rule', { 'two/a.json': ruleOf('a', { severity: 'high' }) }],
    ['the name of a folder', { 'two/users/b.json': ruleOf('b') }],
    ['a list', { 'two/_lists/x.json': { kind: 'values', items: [1] } }],
    ['a shared condition', { 'two/_conditions.json': {} }],
    ['an override', { 'two/_overrides.json': {} }],
    ['a rule with a fault', { 'two/c.json': '{' }],
  ])('changes with %s', async (_, files) => {
    write({ 'one/a.json': ruleOf('a'), 'two/a.json': ruleOf('a'), ...files })
    expect(await versionOf('two')).not.toBe(await versionOf('one'))
  })

  test('does not change with what is not read', async () => {
    write({ 'one/a.json': ruleOf('a'), 'two/a.json': ruleOf('a'), 'two/notes.md': 'x' })
    expect(await versionOf('two')).toBe(await versionOf('one'))
  })
})

describe('text that is hostile', () => {
  test.each<[string, string]>([
    ['deep nesting', '['.repeat(500_000)],
    ['a lone surrogate', '{"id":"\\ud800"}'],
    ['a key of the prototype', '{"__proto__":{"id":"a"},"constructor":1}'],
    ['a NUL character', '{"id":"\u0000"}'],
    ['a million commas', ','.repeat(900_000)],
    ['more than is read', `"${'x'.repeat(1_100_000)}"`],
  ])('%s is an error of its file, and quick', async (_, text) => {
    write({ 'a.json': text, 'b.json': ruleOf('b') })
    const { ruleSet, problems } = await load()
    expect(idsOf(ruleSet.all)).toEqual(['b'])
    expect(problems.length).toBeGreaterThan(0)
    expect(problems.length).toBeLessThan(12)
    expect('id' in {}).toBe(false)
  })
})
