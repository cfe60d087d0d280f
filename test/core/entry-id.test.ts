// Owns the tests of core/entry-id.ts and core/canonical-json.ts.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson } from '../../src/core/canonical-json.ts'
import { entryId, namedId } from '../../src/core/entry-id.ts'
import { fieldsOf } from '../../src/core/fields.ts'

const UUID = '5f0c4a52-31d0-4c1e-9a53-6d0f5a7f1c01'

/** The same value with the keys of all objects in another order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).map(([key, field]) => [key, reordered(field)] as const)
  return Object.fromEntries(fields.toReversed())
}

describe('the id of an entry', () => {
  test("is the log's own", () => {
    expect(entryId({ '@uuid': UUID, meta: {} }, '1')).toBe(UUID)
  })

  test.each([
    ['missing', {}],
    ['empty', { '@uuid': '' }],
    ['a number', { '@uuid': 7 }],
    ['null', { '@uuid': null }],
    ['an object', { '@uuid': {} }],
    ['with a space', { '@uuid': 'a b' }],
    ['with a line break', { '@uuid': 'a\n' }],
    ['with a NUL', { '@uuid': 'a\0b' }],
    ['beyond ASCII', { '@uuid': 'ä' }],
    ['too long', { '@uuid': 'x'.repeat(129) }],
  ])('is a hash when its own is %s', (_name, source) => {
    expect(entryId(source, '1')).toMatch(/^h[0-9a-f]{32}$/)
  })

  test('differs between contracts and between entries', () => {
    const ids = new Set([
      entryId({ a: 1 }, '1'),
      entryId({ a: 1 }, '2'),
      entryId({ a: 1 }, undefined),
      entryId({ a: '1' }, '1'),
      entryId({ a: 2 }, '1'),
      entryId({ a: [1] }, '1'),
      entryId({ a: { 0: 1 } }, '1'),
      entryId({ a: null }, '1'),
      entryId({}, '1'),
    ])
    expect(ids.size).toBe(9)
  })

  test('is this one for ever: a change of it would deliver all entries again', () => {
    const source = { meta: { time: '2026-11-20T09:15:20.530Z' }, event: { type: 'Provision' } }
    expect(entryId(source, '31720001')).toBe('h8c670861557c0610a4dc9d059f1063c1')
  })

  test('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (source) => {
        const text = JSON.stringify(source)
        const other = fieldsOf(reordered(JSON.parse(text)))
        expect(entryId(other, '1')).toBe(entryId(fieldsOf(JSON.parse(text)), '1'))
      }),
    )
  })

  test('may be named by a field of another log', () => {
    expect(namedId({}, 'evt-1', '1')).toBe('evt-1')
    expect(namedId({}, 17, '1')).toBe('17')
    expect(namedId({}, undefined, '1')).toBe(entryId({}, '1'))
    expect(namedId({}, { id: 1 }, '1')).toBe(entryId({}, '1'))
  })
})

describe('canonical JSON', () => {
  test('sorts keys, by code units, at every depth', () => {
    expect(canonicalJson({ b: 1, a: [{ d: null, c: 'x' }], B: true })).toBe(
      '{"B":true,"a":[{"c":"x","d":null}],"b":1}',
    )
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`k${39 - n}`, n]))
    expect(Object.keys(fieldsOf(JSON.parse(canonicalJson(many))))).toEqual(Object.keys(many).sort())
  })

  test('reads back as the value it was made of', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value)
        expect(JSON.parse(canonicalJson(JSON.parse(text)))).toEqual(JSON.parse(text))
      }),
    )
  })

  test('keeps a key named __proto__', () => {
    expect(canonicalJson(JSON.parse('{"__proto__":{"a":1},"b":2}'))).toBe(
      '{"__proto__":{"a":1},"b":2}',
    )
  })

  test('never throws, however deep or odd', () => {
    const deep: unknown = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)
    expect(canonicalJson(deep).length).toBeLessThan(200)
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true }), (value) => {
        expect(typeof canonicalJson(value)).toBe('string')
      }),
    )
  })
})
