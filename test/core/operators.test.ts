import fc from 'fast-check'
import { RE2JS } from 're2js'
import { describe, expect, it } from 'vitest'
import { type List, parseList } from '../../src/core/list.ts'
import { mayMatch, requiredLiteral } from '../../src/core/operators/literal.ts'
import type { OperatorContext } from '../../src/core/operators/operator.ts'
import { OPERATORS } from '../../src/core/operators/registry.ts'
import { parseSchedule, type Schedule } from '../../src/core/schedule.ts'

const lists = new Map<string, List>()
for (const [name, value] of Object.entries({
  people: { kind: 'values', items: ['alice', 'bob', 5] },
  office: { kind: 'cidr', items: ['10.0.0.0/8', '2001:db8::/32'] },
})) {
  const list = parseList(name, value, () => {})
  if (list) lists.set(name, list)
}
const work = parseSchedule('work', { days: ['mon-fri'], hours: ['08:00-18:00'] }, '', () => {})
const schedules = new Map<string, Schedule>(work ? [['work', work]] : [])
const context: OperatorContext = { lists, schedules }

const FRIDAY_NOON = Date.parse('2026-11-20T12:00:00Z')
const SUNDAY_NOON = Date.parse('2026-11-22T12:00:00Z')

/** Facts of every type: an operator is false on those it is not made for, and never throws. */
const FACTS: readonly unknown[] = [
  undefined,
  null,
  true,
  false,
  0,
  5,
  -0.5,
  FRIDAY_NOON,
  SUNDAY_NOON,
  Number.NaN,
  '',
  'alice',
  'Alice',
  'prod-web-1',
  '/v6/servers/1',
  '/v6/servers',
  'a.b',
  '10.1.2.3',
  '2001:db8::1',
  '5',
  [],
  ['alice'],
  [5, null],
  {},
  { alice: 1 },
]

/** The operator, its value, and the facts (of FACTS) for which it holds; for no others. */
const TABLE: readonly (readonly [string, unknown, readonly unknown[]])[] = [
  ['startsWith', 'prod-', ['prod-web-1']],
  ['startsWith', '/v6/servers', ['/v6/servers/1', '/v6/servers']],
  ['endsWith', 'lice', ['alice', 'Alice']],
  ['endsWith', '1', ['prod-web-1', '/v6/servers/1', '2001:db8::1']],
  ['includes', 'web', ['prod-web-1']],
  ['includes', 'alice', ['alice', ['alice'], { alice: 1 }]],
  ['includes', 5, [[5, null]]],
  ['includes', null, [[5, null]]],
  ['matches', '^prod-[a-z]+-\\d$', ['prod-web-1']],
  ['matches', 'LICE', []],
  ['matches', '(?i)LICE', ['alice', 'Alice']],
  ['matches', 'a.b', ['a.b']],
  ['matches', '^$', ['']],
  ['glob', 'prod-*', ['prod-web-1']],
  ['glob', '/v6/*', ['/v6/servers']],
  ['glob', '/v6/**', ['/v6/servers/1', '/v6/servers']],
  ['glob', '**/servers/?', ['/v6/servers/1']],
  ['glob', 'a?b', ['a.b']],
  ['glob', 'a.b', ['a.b']],
  ['glob', '/v6?servers', []],
  ['glob', 'alice*', ['alice']],
  ['inCidr', '10.0.0.0/8', ['10.1.2.3']],
  ['inCidr', '0.0.0.0/0', ['10.1.2.3']],
  ['inCidr', ['2001:db8::/64', '10.1.2.3'], ['10.1.2.3', '2001:db8::1']],
  ['inList', 'people', [5, 'alice']],
  ['inList', 'office', ['10.1.2.3', '2001:db8::1']],
  ['exists', true, FACTS.slice(2)],
  ['exists', false, [undefined, null]],
  ['present', false, [undefined, null, false, 0, Number.NaN, '', [], {}]],
  ['inSchedule', 'work', [FRIDAY_NOON]],
]

describe('operators', () => {
  it.each(TABLE)('%s %j holds for %j only', (name, value, expected) => {
    const operator = OPERATORS.get(name)
    if (!operator) throw new Error(name)
    expect(operator.checkValue(value, context)).toEqual([])
    const test = operator.compile(value, context)
    expect(FACTS.filter((fact) => test(fact))).toEqual(expected)
    expect(FACTS.filter((fact) => operator.evaluate(fact, value, context))).toEqual(expected)
  })

  it('present true is the opposite of present false', () => {
    const present = OPERATORS.get('present')
    const [isThere, isNot] = [true, false].map((value) => present?.compile(value, context))
    expect(FACTS.map((fact) => isThere?.(fact))).toEqual(FACTS.map((fact) => !isNot?.(fact)))
  })

  it.each([
    ['startsWith', 5, 'expected a text'],
    ['startsWith', null, 'expected a text'],
    ['endsWith', ['a'], 'expected a text'],
    ['includes', { a: 1 }, 'expected a text'],
    ['matches', 5, 'expected a pattern'],
    ['matches', '', 'expected a pattern'],
    ['matches', '(', 'missing closing'],
    ['matches', 'a(?=b)', 'looks ahead or behind'],
    ['matches', '(?<!a)b', 'looks ahead or behind'],
    ['matches', '(a)\\1', 'refers back to a group'],
    ['matches', '((a{100}){100}){100}', 'invalid repeat count'],
    ['glob', 5, 'expected a pattern'],
    ['inCidr', '10.0.0.0/33', 'expected a network'],
    ['inCidr', 'office', 'expected a network'],
    ['inCidr', 5, 'expected a network'],
    ['inCidr', [], 'the list is empty'],
    ['inList', 'peopel', 'did you mean "people"?'],
    ['inList', 5, 'expected the name of a list'],
    ['inSchedule', 'office', 'there is no schedule "office"'],
    ['exists', 'true', 'expected true or false'],
    ['present', 1, 'expected true or false'],
    ['in', 5, 'expected a list'],
    ['notIn', null, 'expected a list'],
    ['lessThan', { toString: 1 }, 'expected a number'],
  ])('%s %j is refused: %s', (name, value, reason) => {
    const faults = OPERATORS.get(name)?.checkValue(value, context) ?? []
    expect(faults.map(({ level }) => level)).toEqual(['error'])
    expect(faults[0]?.message).toContain(reason)
  })

  it('refuse a pattern that is longer than any a person writes', () => {
    const faults = OPERATORS.get('matches')?.checkValue('a'.repeat(4_001), context)
    expect(faults?.map(({ message }) => message)).toEqual([
      '4001 characters, at most 4000 are allowed',
    ])
  })

  it('names the member of a list of networks that is none', () => {
    const faults = OPERATORS.get('inCidr')?.checkValue(['10.0.0.0/8', 'x', '::/129'], context)
    expect(faults?.map(({ at }) => at)).toEqual(['/1', '/2'])
  })

  it('say what they do and what they expect', () => {
    for (const operator of OPERATORS.values()) {
      expect(operator.about).toMatch(/^\w.*[^.]$/)
      expect(operator.expects).toMatch(/^\w/)
    }
  })

  it('compile and evaluate alike, whatever fact and value', () => {
    const value = fc.oneof(fc.constantFrom(...FACTS), fc.jsonValue())
    const own = ['startsWith', 'endsWith', 'includes', 'inCidr', 'exists', 'present']
    fc.assert(
      fc.property(fc.constantFrom(...own), value, fc.jsonValue(), (name, literal, fact) => {
        const operator = OPERATORS.get(name)
        const faults = operator?.checkValue(literal, context) ?? []
        if (!operator || faults.some(({ level }) => level === 'error')) return
        const test = operator.compile(literal, context)
        expect(test(fact)).toBe(operator.evaluate(fact, literal, context))
      }),
    )
  })
})

/** What a glob means, as a backtracking matcher that tries everything. */
function fitsSlowly(text: string, glob: string): boolean {
  const [first, ...rest] = glob.match(/\*+|\?|[^*?]/gu) ?? []
  if (first === undefined) return text === ''
  const tail = rest.join('')
  if (first.startsWith('*')) {
    const end = first === '*' ? text.search(/\/|$/) : text.length
    return Array.from({ length: end + 1 }, (_, at) => text.slice(at)).some((part) =>
      fitsSlowly(part, tail),
    )
  }
  const [character = ''] = text
  const fits = first === '?' ? character !== '' && character !== '/' : character === first
  return fits && fitsSlowly(text.slice(character.length), tail)
}

describe('globs', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '😀'), maxLength: 10 })
  const pattern = fc.string({
    unit: fc.constantFrom('a', 'b', '/', '?', '*', '**'),
    minLength: 1,
    maxLength: 8,
  })

  it('fit what trying everything finds', () => {
    const glob = OPERATORS.get('glob')
    fc.assert(
      fc.property(pattern, text, (value, fact) => {
        expect(glob?.compile(value, context)(fact)).toBe(fitsSlowly(fact, value))
      }),
      { numRuns: 3_000 },
    )
  })

  it('take linear time for texts made to lead them back and forth', () => {
    const test = OPERATORS.get('glob')?.compile(`${'**a*a'.repeat(6)}b`, context)
    const started = performance.now()
    expect(test?.('a'.repeat(20_000))).toBe(false)
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})

describe('literals required by expressions', () => {
  it.each([
    ['^svc-[a-z]+-7\\d*@', { text: 'svc-', fold: false }],
    ['(admin|root).*locked', { text: 'locked', fold: false }],
    ['(?i)/Servers/.*depth=', { text: '/servers/', fold: true }],
    ['example\\.com$', { text: 'example.com', fold: false }],
    ['images?/x', { text: 'image', fold: false }],
    ['abc+d', { text: 'abc', fold: false }],
    ['abcd{0,2}efg', { text: 'abc', fold: false }],
    ['abc|def', undefined],
    ['[abc]{3}', undefined],
    ['(abc)?', undefined],
    ['(?i:abc)', undefined],
    ['\\x41bcdef', undefined],
    ['ab*cd', undefined],
  ])('%s: %j', (expression, expected) => {
    expect(requiredLiteral(expression)).toEqual(expected)
  })

  it('are in every text that matches', () => {
    const atom = fc.constantFrom(
      ...[
        'abc',
        'k',
        's',
        'ab',
        '.',
        '\\.',
        '[ab]',
        '[^a]',
        '[]x]',
        '[[:alpha:]c]',
        '(ab|c)',
        '(?:abc)',
      ],
      ...['\\d', '\\w', '\\babc', '^', '$', 'a{2}', 'abc{0}', '{', 'b{,2}', 'é', '(?P<n>abc)', 'ſ'],
    )
    const quantified = fc.tuple(
      atom,
      fc.constantFrom('', '', '', '?', '*', '+', '??', '{0,1}', '|'),
    )
    const expression = fc
      .tuple(
        fc.constantFrom('', '', '(?i)', '(?s)', '(?im)'),
        fc.array(quantified, { maxLength: 5 }),
      )
      .map(([flags, parts]) => flags + parts.flat().join(''))
    const text = fc.string({ unit: fc.constantFrom(...'abcABCkKsSſK.{2}xé1'), maxLength: 14 })
    fc.assert(
      fc.property(expression, fc.array(text, { minLength: 5, maxLength: 20 }), (written, texts) => {
        const literal = requiredLiteral(written)
        if (literal === undefined) return
        const compiled = compileOrSkip(written)
        for (const one of texts) {
          if (compiled?.test(one)) expect(mayMatch(literal, one), `${written} in ${one}`).toBe(true)
        }
      }),
      { numRuns: 4_000 },
    )
  })
})

function compileOrSkip(expression: string): RE2JS | undefined {
  try {
    return RE2JS.compile(expression)
  } catch {
    return undefined
  }
}
