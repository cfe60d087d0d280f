// Shapes of what users write, and how a message names what was meant.
import { describe, expect, test } from 'vitest'
import type { Problem } from '../../src/core/problem.ts'
import {
  choice,
  flag,
  listOf,
  pointerTo,
  positive,
  record,
  type Shape,
  text,
  whole,
} from '../../src/core/shape.ts'
import { describeFound, nearestName, suggestName } from '../../src/core/suggest.ts'

function check<T>(shape: Shape<T>, value: unknown) {
  const problems: Problem[] = []
  const parsed = shape.parse(value, '/x', (problem) => problems.push(problem))
  return { parsed, messages: problems.map(({ pointer, message }) => `${pointer}: ${message}`) }
}

const person = record(
  {
    name: { shape: text(5), about: 'Name.', must: true },
    age: { shape: whole(0, 150), about: 'Age.', default: 18 },
    likes: { shape: listOf(choice(['tea', 'coffee']), { max: 2, unique: true }), about: 'Likes.' },
  },
  'a person',
)

describe('what fits is returned', () => {
  test.each<[string, Shape<unknown>, unknown, unknown]>([
    ['a text', text(5), 'abc', 'abc'],
    ['a choice', choice(['a', 'b']), 'b', 'b'],
    ['true', flag, true, true],
    ['a whole number at the edge', whole(1, 3), 3, 3],
    ['zero or more', positive('zero or more'), 0, 0],
    ['an empty list', listOf(flag), [], []],
    ['a record', person, { name: 'Ann' }, { name: 'Ann', age: undefined, likes: undefined }],
  ])('%s', (_, shape, value, expected) => {
    expect(check(shape, value)).toEqual({ parsed: expected, messages: [] })
  })
})

describe('what does not fit is said', () => {
  test.each<[string, Shape<unknown>, unknown, string[]]>([
    ['a number for a text', text(5), 7, ['/x: found 7, expected a text of 1 to 5 characters']],
    ['an empty text', text(5), ' ', ['/x: it is empty: write a text of 1 to 5 characters']],
    ['a long text', text(5), 'abcdef', ['/x: 6 characters: at most 5 are allowed']],
    [
      'a misspelt choice',
      choice(['high']),
      'hihg',
      ['/x: unknown value "hihg", did you mean "high"?'],
    ],
    ['null for a choice', choice(['a']), null, ['/x: found null, expected one of a']],
    ['a text for a flag', flag, 'true', ['/x: found "true", expected true or false']],
    ['a fraction', whole(1, 3), 1.5, ['/x: found 1.5, expected a whole number from 1 to 3']],
    ['a number above', whole(1, 3), 4, ['/x: found 4, expected a whole number from 1 to 3']],
    ['zero', positive('above zero'), 0, ['/x: found 0, expected a number above zero']],
    [
      'an object for a list',
      listOf(flag),
      {},
      ['/x: found an empty object, expected a list, each true or false'],
    ],
    ['too few', listOf(flag, { min: 1 }), [], ['/x: 0 in the list, at least 1 are expected']],
    [
      'too many',
      listOf(flag, { max: 1 }),
      [true, true],
      ['/x: 2 in the list, at most 1 are expected'],
    ],
    [
      'every member that is wrong',
      listOf(flag),
      [1, true, 'x'],
      ['/x/0: found 1, expected true or false', '/x/2: found "x", expected true or false'],
    ],
    ['a list for a record', person, [], ['/x: found an empty list, expected a person']],
    [
      'all faults of a record at once',
      person,
      { nam: 'Ann', age: -1, likes: ['tea', 'tea', 'milk'] },
      [
        '/x/nam: unknown key "nam", did you mean "name"?',
        '/x: "name" is missing, expected a text of 1 to 5 characters',
        '/x/age: found -1, expected a whole number from 0 to 150',
        '/x/likes: 3 in the list, at most 2 are expected',
        '/x/likes/1: "tea" is there twice',
      ],
    ],
  ])('%s', (_, shape, value, messages) => {
    expect(check(shape, value).messages).toEqual(messages)
  })

  test('a record with a fault still gives the rest of it', () => {
    const { parsed } = check(person, { name: 'Ann', age: 'old' })
    expect(parsed).toEqual({ name: 'Ann', age: undefined, likes: undefined })
  })

  test('keys of the prototype are neither read nor known', () => {
    const inherited = Object.create({ name: 'Ann' }) as object
    expect(check(person, inherited).messages).toEqual([
      '/x: "name" is missing, expected a text of 1 to 5 characters',
    ])
    expect(check(person, { name: 'Ann', constructor: 1 }).messages).toEqual([
      '/x/constructor: unknown key "constructor", expected one of name, age, likes',
    ])
  })
})

test('the schema of a record says all that is checked', () => {
  expect(person.schema).toEqual({
    type: 'object',
    properties: {
      name: { type: 'string', minLength: 1, maxLength: 5, description: 'Name.' },
      age: { type: 'integer', minimum: 0, maximum: 150, description: 'Age.', default: 18 },
      likes: {
        type: 'array',
        items: { enum: ['tea', 'coffee'] },
        maxItems: 2,
        uniqueItems: true,
        description: 'Likes.',
      },
    },
    required: ['name'],
    additionalProperties: false,
  })
})

test('pointers escape what has a meaning in them', () => {
  expect(pointerTo('/a', 'b/c~d')).toBe('/a/b~1c~0d')
})

describe('the nearest name', () => {
  const known = ['user', 'resource', 'resourceId', 'outcome', 'ip']
  test.each<[string, string, string | undefined]>([
    ['a letter too many', 'userr', 'user'],
    ['a letter missing', 'usr', 'user'],
    ['two letters in each other’s place', 'uesr', 'user'],
    ['another case', 'RESOURCEID', 'resourceId'],
    ['a short name in another order', 'pi', 'ip'],
    ['something else', 'country', undefined],
    ['nothing', '', undefined],
  ])('%s', (_, name, expected) => {
    expect(nearestName(name, known)).toBe(expected)
  })

  test('when none is near, all are named', () => {
    expect(suggestName('zzz', ['a', 'b'])).toBe(', expected one of a, b')
    expect(suggestName('zzz', [])).toBe('')
  })
})

describe('what was found', () => {
  test.each<[unknown, string]>([
    [undefined, 'nothing'],
    [null, 'null'],
    ['a "b"\n', '"a \\"b\\"\\n"'],
    [['x'], 'a list'],
    [{ x: 1 }, 'an object'],
    ['x'.repeat(100), `"${'x'.repeat(58)}…`],
  ])('%j', (value, expected) => {
    expect(describeFound(value)).toBe(expected)
  })
})
