// Owns the tests of core/template.ts.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileTemplate, visibleText } from '../../src/core/template.ts'

const KNOWN = ['user', 'resourceId', 'entry', 'count', 'rule.title']

function render(text: string, values: Readonly<Record<string, unknown>> = {}): string {
  const { template, problems } = compileTemplate(text, KNOWN)
  expect(problems).toEqual([])
  return template.render((name) => values[name])
}

describe('templates', () => {
  test.each([
    ['no name', 'A user was deleted', {}, 'A user was deleted'],
    ['a name', '{{ user }} did it', { user: 'mallory' }, 'mallory did it'],
    ['without spaces', '{{user}}', { user: 'mallory' }, 'mallory'],
    ['several', '{{ user }}: {{ count }}/{{ user }}', { user: 'm', count: 3 }, 'm: 3/m'],
    ['next to each other', '{{ user }}{{ count }}', { user: 'm', count: 3 }, 'm3'],
    ['a name with a point', 'by {{ rule.title }}', { 'rule.title': 'Bulk' }, 'by Bulk'],
    ['a path into the entry', '{{ entry.event.type }}', { 'entry.event.type': 'Error' }, 'Error'],
    ['what is not there', '{{ user }}', {}, 'unknown'],
    ['null', '{{ user }}', { user: null }, 'unknown'],
    ['zero', '{{ count }}', { count: 0 }, '0'],
    ['false', '{{ user }}', { user: false }, 'false'],
    ['a list', '{{ user }}', { user: ['a', 'b'] }, 'a, b'],
    ['a value with braces is not read again', '{{ user }}', { user: '{{ count }}' }, '{{ count }}'],
    ['a value with a dollar sign', '{{ user }}', { user: '$& $1' }, '$& $1'],
    ['single braces', '{ user } }}', {}, '{ user } }}'],
    ['its own line ends stay', 'a\n{{ user }}', { user: 'b' }, 'a\nb'],
    ['line ends in a value', '{{ user }}', { user: 'a\r\nb' }, 'a\\u{d}\\u{a}b'],
    ['a long value is cut', '{{ user }}.', { user: 'x'.repeat(9_000) }, `${'x'.repeat(511)}….`],
  ])('%s', (_name, text, values, expected) => {
    expect(render(text, values)).toBe(expected)
  })

  test('tell the names in them, each once', () => {
    const { template } = compileTemplate('{{ user }} {{ entry.a }} {{user}}', KNOWN)
    expect(template.names).toEqual(['user', 'entry.a'])
  })

  test.each([
    ['an unknown name', 'by {{ usr }}', 3, /unknown name "usr", did you mean "user"\?/],
    ['the same in capitals', '{{ resourceid }}', 0, /did you mean "resourceId"\?/],
    ['an empty name', 'a {{ }}', 2, /no name between/],
    ['an unclosed name', 'a {{ user', 2, /never closed/],
    ['a filter', '{{ user | upper }}', 0, /computes nothing/],
    ['a call', '{{ user() }}', 0, /computes nothing/],
    ['an opening within', '{{ user {{ count }}', 0, /computes nothing/],
    ['a path that ends early', '{{ entry. }}', 0, /unknown name/],
    ['a property of objects', '{{ constructor }}', 0, /unknown name/],
  ])('%s is a problem and stays as written', (_name, text, index, message) => {
    const { template, problems } = compileTemplate(text, KNOWN)
    expect(problems).toHaveLength(1)
    expect(problems[0]?.index).toBe(index)
    expect(problems[0]?.message).toMatch(message)
    expect(template.render(() => 'x')).toBe(text)
  })

  test('all problems are told, and the rest still works', () => {
    const { template, problems } = compileTemplate('{{ a }} {{ user }} {{ b }}', KNOWN)
    expect(problems.map(({ index }) => index)).toEqual([0, 19])
    expect(template.render(() => 'x')).toBe('{{ a }} x {{ b }}')
  })

  test('an entry path needs a caller that knows entries', () => {
    expect(compileTemplate('{{ entry.a }}', ['user']).problems).toHaveLength(1)
  })

  test('more names than a text may have are a problem, once', () => {
    const { problems } = compileTemplate('{{ user }}'.repeat(5_000), KNOWN)
    expect(problems).toHaveLength(1)
    expect(problems[0]?.message).toMatch(/more than 50 names/)
  })

  test('what is rendered is bounded, whatever the values', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('{{ user }}', '{{', '}}', 'x')),
        fc.jsonValue(),
        (texts, value) => {
          const { template } = compileTemplate(texts.join(''), KNOWN)
          expect(template.render(() => value).length).toBeLessThanOrEqual(4_000)
        },
      ),
    )
    expect(render('{{ user }}'.repeat(50), { user: 'x'.repeat(500) })).toHaveLength(4_000)
  })
})

describe('values as people see them', () => {
  test.each([
    ['plain text stays', 'mallory@example.com {~}', 'mallory@example.com {~}'],
    ['letters of all languages stay', 'Jürgen Žižek 山田 😀', 'Jürgen Žižek 山田 😀'],
    ['NUL', 'a\0b', 'a\\u{0}b'],
    ['an escape of terminals', '\u001b[31m', '\\u{1b}[31m'],
    ['a direction override', 'txt.\u202egpj', 'txt.\\u{202e}gpj'],
    ['an isolate', '\u2066a\u2069', '\\u{2066}a\\u{2069}'],
    ['a joiner of zero width', 'ad\u200dmin', 'ad\\u{200d}min'],
    ['a line separator', 'a\u2028b', 'a\\u{2028}b'],
    ['a tag character', 'a\u{e0041}', 'a\\u{e0041}'],
    ['half of a pair', 'a\ud83d', 'a\\u{d83d}'],
  ])('%s', (_name, text, expected) => {
    expect(visibleText(text)).toBe(expected)
  })

  test('nothing invisible is left of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(visibleText(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u)
      }),
    )
  })
})
