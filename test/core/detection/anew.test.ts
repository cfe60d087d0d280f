// Owns what a change of a rule does to its windows: text keeps them, another meaning starts them anew.
import { expect, test } from 'vitest'
import { windowsAnew } from '../../../src/core/detection/anew.ts'
import { createRuleWindow } from '../../../src/core/detection/rule-window.ts'
import { ruleSetOf } from '../../backtest/replay.ts'

const DETECT = { kind: 'threshold', count: 5, within: '10m' }

function setOf(changes: object) {
  return ruleSetOf([
    {
      id: 'many',
      conditions: { all: [{ fact: 'user', operator: 'exists', value: true }] },
      detect: DETECT,
      ...changes,
    } as { readonly id: string },
  ])
}

const anew = { detect: (changes: object) => ({ detect: { ...DETECT, ...changes } }) }

test.each<[string, object, readonly string[]]>([
  ['its text', { title: 'Other', description: 'other', severity: 'high' }, []],
  [
    'its conditions',
    { conditions: { all: [{ fact: 'ip', operator: 'exists', value: true }] } },
    [],
  ],
  ['how many are many', anew.detect({ count: 9 }), []],
  ['within', anew.detect({ within: '20m' }), ['within']],
  ['groupBy', anew.detect({ groupBy: ['ip'] }), ['groupBy']],
  ['distinct', anew.detect({ distinct: 'ip' }), ['distinct']],
  ['kind', { detect: { kind: 'absence', within: '10m', groupBy: ['user'] } }, ['kind']],
])('another %s', (_name, changes, changed) => {
  const [before, after] = [setOf({}), setOf(changes)]
  expect(windowsAnew(before.rules, after.rules)).toEqual(
    changed.length === 0 ? [] : [{ rule: 'many', changed }],
  )
  const keys = [before, after].map((set) => {
    const [rule] = set.rules
    if (rule === undefined) throw new Error('no rule')
    return createRuleWindow(rule, set).keysOf('1', ['anna']).window
  })
  expect(keys[0] === keys[1]).toBe(changed.length === 0)
})

test('a rule that is new, or had no detect, has no window to lose', () => {
  const after = setOf({}).rules
  expect(windowsAnew([], after)).toEqual([])
  expect(windowsAnew([{ id: 'many' }], after)).toEqual([])
})
