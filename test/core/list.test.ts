import { describe, expect, it } from 'vitest'
import { type List, parseList } from '../../src/core/list.ts'
import type { Problem } from '../../src/core/problem.ts'

function parse(value: unknown): { list: List | undefined; problems: readonly Problem[] } {
  const problems: Problem[] = []
  const list = parseList('some', value, (problem) => problems.push(problem))
  return { list, problems }
}

describe('lists', () => {
  it('of values hold exactly what is written', () => {
    const { list, problems } = parse({ description: 'x', kind: 'values', items: ['a', 5, 'a'] })
    expect(problems).toEqual([])
    expect(list).toMatchObject({ name: 'some', kind: 'values', size: 2, values: ['a', 5] })
    const asked = ['a', 'A', '5', 5, undefined, ['a']]
    expect(asked.filter((value) => list?.has(value))).toEqual(['a', 5])
  })

  it('of networks hold the addresses inside of them', () => {
    const items = ['10.0.0.0/8', '2001:db8::/32', '192.0.2.1']
    const { list } = parse({ kind: 'cidr', items })
    const inside = ['10.1.2.3', '2001:db8::1', '192.0.2.1', '::ffff:10.0.0.1']
    const outside = ['11.0.0.1', '2001:db9::1', '192.0.2.2', '10.0.0.0/8', 'x', '', 5, undefined]
    expect([...inside, ...outside].filter((value) => list?.has(value))).toEqual(inside)
  })

  it('of many networks answer as those of few', () => {
    const items = Array.from(
      { length: 5_000 },
      (_, i) => `10.${i % 250}.${i % 200}.0/${24 + (i % 5)}`,
    )
    const { list } = parse({ kind: 'cidr', items })
    expect(list?.has('10.7.7.3')).toBe(true)
    expect(list?.has('10.251.7.3')).toBe(false)
  })

  it('may be empty: then nothing is in them', () => {
    expect(parse({ kind: 'values', items: [] }).list?.has('a')).toBe(false)
    expect(parse({ kind: 'cidr', items: [] }).list?.has('10.0.0.1')).toBe(false)
  })

  it.each([
    [5, '', 'found 5, expected an object'],
    [{ kind: 'values' }, '/items', 'expected a list'],
    [{ items: [] }, '/kind', 'expected "values"'],
    [{ kind: 'value', items: [] }, '/kind', 'did you mean "values"?'],
    [{ kind: 'values', items: [], item: [] }, '/item', 'did you mean "items"?'],
    [{ kind: 'values', items: ['a', true] }, '/items/1', 'found true'],
    [{ kind: 'cidr', items: ['10.0.0.0/33'] }, '/items/0', 'found "10.0.0.0/33"'],
    [{ kind: 'cidr', items: [5] }, '/items/0', 'expected a network'],
    [{ kind: 'values', items: [], description: 5 }, '/description', 'expected a text'],
  ])('%j is refused at %s', (value, pointer, message) => {
    const { list, problems } = parse(value)
    expect(list).toBeUndefined()
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({ level: 'error', pointer })
    expect(problems[0]?.message).toContain(message)
  })

  it('report the first faults of a file of the wrong kind, and how many more there are', () => {
    const { problems } = parse({ kind: 'cidr', items: Array.from({ length: 100 }, () => 'x') })
    expect(problems).toHaveLength(21)
    expect(problems.at(-1)?.message).toBe('80 more items have a fault')
  })
})
