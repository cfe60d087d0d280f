// Owns the tests of the one line that says why a rule matched.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Why } from '../../src/core/alert.ts'
import { whyText } from '../../src/notify/why-text.ts'

const leaf = (fact: string, operator: string, expected: string, found = expected, verdict = true) =>
  ({ kind: 'leaf', verdict, fact, operator, expected, found }) satisfies Why

const node = (kind: 'all' | 'any' | 'not', children: readonly Why[], over: Partial<Why> = {}) =>
  ({ kind, verdict: true, children, ...over }) satisfies Why

describe('why', () => {
  const user = leaf('user', 'equal', '"mallory"')
  const ip = leaf('ip', 'inCidr', '"203.0.113.0/24"', '"203.0.113.42"')
  const no = leaf('country', 'in', '["DE"]', '"NL"', false)

  it.each<[string, Why, string]>([
    ['one comparison', user, 'user is "mallory"'],
    ['what was found, where it says more', ip, 'ip is in "203.0.113.0/24" (found "203.0.113.42")'],
    [
      'all',
      node('all', [user, ip]),
      'user is "mallory" and ip is in "203.0.113.0/24" (found "203.0.113.42")',
    ],
    ['of any only what holds', node('any', [user, no]), 'user is "mallory"'],
    [
      'not',
      node('all', [user, node('not', [no])]),
      'user is "mallory" and not (country is one of ["DE"] (found "NL"))',
    ],
    [
      'a negated operator',
      leaf('ip', 'not:inCidr', '"10.0.0.0/8"', '"1.2.3.4"'),
      'ip not: is in "10.0.0.0/8" (found "1.2.3.4")',
    ],
    ['another decorated operator', leaf('user', 'lower:equal', '"x"'), 'user lower:equal "x"'],
    ['a path', { ...user, fact: 'entry', path: '$.event.type' }, 'entry.event.type is "mallory"'],
    ['a fact that is there', leaf('ip', 'exists', 'true', 'true'), 'ip is present'],
    [
      'a fact that is not',
      leaf('ip', 'exists', 'false', 'nothing'),
      'ip is absent (found nothing)',
    ],
    [
      'a shared condition by name',
      node('all', [user], { name: 'intruder' }),
      'intruder: (user is "mallory")',
    ],
    [
      'a shared condition inside by its name alone',
      node('all', [node('all', [user, ip], { name: 'intruder' }), user]),
      'intruder and user is "mallory"',
    ],
    ['of several that hold only the first', node('any', [user, ip]), 'user is "mallory"'],
    [
      'a group inside',
      node('all', [user, node('all', [ip, user])]),
      'user is "mallory" and (ip is in "203.0.113.0/24" (found "203.0.113.42") and user is "mallory")',
    ],
    [
      'the other verdict',
      node('all', [user, no], { verdict: false }),
      'the second evaluation says no: country is one of ["DE"] (found "NL")',
    ],
    [
      'none of any',
      node('any', [no, no], { verdict: false }),
      'the second evaluation says no: country is one of ["DE"] (found "NL") or country is one of ["DE"] (found "NL")',
    ],
    ['nothing at all', node('all', []), ''],
  ])('%s', (_name, why, expected) => {
    expect(whyText(why)).toBe(expected)
  })

  it('stays one short line for wide and deep trees', () => {
    const wide = node(
      'all',
      Array.from({ length: 500 }, () => user),
    )
    expect(whyText(wide)).toMatch(/^(user is "mallory" and ){12}…$/)
    let deep: Why = user
    for (let depth = 0; depth < 5_000; depth++) deep = node('not', [deep])
    expect(whyText(deep)).toContain('…')
  })

  it('is bounded and on one line whatever is in the tree', () => {
    const { tree } = fc.letrec<{ tree: Why; leaf: Why; node: Why }>((tie) => ({
      tree: fc.oneof({ maxDepth: 4 }, tie('leaf'), tie('node')),
      leaf: fc.record({
        kind: fc.constant('leaf' as const),
        verdict: fc.boolean(),
        fact: fc.string({ unit: 'binary' }),
        operator: fc.string(),
        expected: fc.string({ unit: 'binary', maxLength: 300 }),
        found: fc.string({ unit: 'binary', maxLength: 300 }),
      }),
      node: fc.record({
        kind: fc.constantFrom('all' as const, 'any' as const, 'not' as const),
        verdict: fc.boolean(),
        children: fc.array(tie('tree'), { maxLength: 4 }),
      }),
    }))
    fc.assert(
      fc.property(tree, (why) => {
        const line = whyText(why)
        expect(line.length).toBeLessThan(800)
        expect(line).not.toMatch(/[\r\n]/)
      }),
    )
  })
})
