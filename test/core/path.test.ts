import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePath, parsePath } from '../../src/core/path.ts'

const ENTRY = {
  event: {
    type: 'x',
    'any name': 1,
    "it's": 2,
    resources: [{ id: 'a' }, { id: 'b', tags: ['t'] }, 5],
  },
  '@uuid': 'u',
  list: [[1, 2], [3]],
  none: null,
}

function select(text: string, value: unknown): unknown {
  const path = parsePath(text)
  if ('problem' in path) throw new Error(path.problem)
  return compilePath(path)(value)
}

describe('paths', () => {
  it.each([
    ['$', ENTRY],
    ['$.event.type', 'x'],
    ['.event.type', 'x'],
    ['event.type', 'x'],
    ["$['event']['any name']", 1],
    ["$.event['it\\'s']", 2],
    ['$.@uuid', 'u'],
    ['$.event.resources[0].id', 'a'],
    ['$.event.resources[*].id', ['a', 'b']],
    ['$.event.resources[*].tags[*]', ['t']],
    ['$.list[*][*]', [1, 2, 3]],
    ['$.list[*][0]', [1, 3]],
    ['$.event.resources[9].id', undefined],
    ['$.event.resources[*].nothing', undefined],
    ['$.event[0]', undefined],
    ['$.event.type.length', undefined],
    ['$.none', null],
    ['$.none.deeper', undefined],
    ['$.toString', undefined],
    ['$.event.constructor.name', undefined],
    ['$.__proto__', undefined],
    ['$.event.resources.length', 3],
  ])('%s selects %j', (text, expected) => {
    expect(select(text, ENTRY)).toEqual(expected)
  })

  it('selects all members of an object with [*]', () => {
    expect(select('$[*]', { a: 1, b: { c: 2 } })).toEqual([1, { c: 2 }])
  })

  it('reads a key named __proto__ that the entry has itself', () => {
    expect(select('$.__proto__.a', JSON.parse('{"__proto__":{"a":1}}'))).toBe(1)
  })

  it.each([
    ['', 'the path is empty'],
    ['$..type', 'search at any depth'],
    ['$.*', 'write [*]'],
    ['$.a[?(@.b)]', 'filters and scripts'],
    ['$.a[(@.length-1)]', 'filters and scripts'],
    ['$.a[-1]', 'counted from 0'],
    ['$.a[0:2]', "can't be read from"],
    ['$.a[0,1]', "can't be read from"],
    ['$["a"]', 'single quotes'],
    ['$.a b', "can't be read from"],
    ['$.a.', "can't be read from"],
    ['$a', "can't be read from"],
    ['$.a^', "can't be read from"],
    ['$.a~', "can't be read from"],
    ['$.a()', "can't be read from"],
    [`$.${'a'.repeat(600)}`, 'at most 500'],
  ])('%s is refused: %s', (text, reason) => {
    const path = parsePath(text)
    expect('problem' in path && path.problem).toContain(reason)
  })

  it('never throws, whatever the path and the value', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."$.[]*0a' ") }), fc.json(), (text, json) => {
        const path = parsePath(text)
        if (!('problem' in path)) compilePath(path)(JSON.parse(json))
      }),
    )
  })
})
