// Owns the tests of how deep values may be nested.
import { describe, expect, it } from 'vitest'
import { boundNesting, LEVELS_MAX, TOO_DEEP } from '../../src/core/nesting.ts'

const deep = (levels: number, open = '{"a":', close = '}'): unknown =>
  JSON.parse(`${open.repeat(levels)}1${close.repeat(levels)}`)

describe('nesting', () => {
  it('that is allowed leaves the value as it is', () => {
    const value = { a: [deep(LEVELS_MAX - 2)], b: null, c: 'x' }
    expect(boundNesting(value)).toBe(value)
  })

  it.each([
    ['objects', deep(100_000)],
    ['lists', deep(100_000, '[', ']')],
    ['both', deep(50_000, '[{"a":', '}]')],
  ])('of 100,000 levels of %s is cut where it is too deep, and can be written', (_name, value) => {
    const text = JSON.stringify(boundNesting({ kept: 1, value }))
    expect(text).toContain('"kept":1')
    expect(text).toContain(TOO_DEEP)
    expect(text.length).toBeLessThan(10 * LEVELS_MAX)
  })

  it('keeps keys that are names of prototypes', () => {
    const value: unknown = JSON.parse(`{"__proto__": {"x": 1}, "deep": ${JSON.stringify(deep(9))}}`)
    const found = JSON.stringify(boundNesting(value, 5))
    expect(found).toMatch(/^\{"__proto__":\{"x":1\},"deep":/)
  })
})
