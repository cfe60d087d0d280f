// Owns the tests of what makes foreign text harmless and short.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  breakMentions,
  cut,
  defang,
  encodeUpTo,
  htmlText,
  manyLines,
  oneLine,
  slackCode,
  slackText,
} from '../../src/notify/escape.ts'
import { HIDDEN_CHARACTERS } from './hostile.ts'

/** Any text: also control characters and lone surrogates. */
const anyText = fc.string({ unit: 'binary', maxLength: 300 })

describe('one line', () => {
  it.each([
    ['plain text stays', 'mallory@example.com', 'mallory@example.com'],
    ['line ends and tabs become spaces', ' a\r\n\tb \u2028c ', 'a b c'],
    ['a terminal escape is spelled out', '\u001b[31mx', '\\u001B[31mx'],
    ['NUL is spelled out', 'a\u0000b', 'a\\u0000b'],
    ['a mark that turns the writing is spelled out', 'x\u202Egnp', 'x\\u202Egnp'],
    ['invisible characters are spelled out', 'a\u200Bb\u{E0041}', 'a\\u200Bb\\u{E0041}'],
    ['a lone surrogate is spelled out', 'a\ud83d', 'a\\uD83D'],
    ['families stay families', '👩‍👩‍👧', '👩‍👩‍👧'],
    ['letters of other scripts stay', 'שלום नमस्ते', 'שלום नमस्ते'],
    ['stacks of marks are cut down', `z${'\u0301'.repeat(90)}`, `z${'\u0301'.repeat(4)}`],
  ])('%s', (_name, text, expected) => {
    expect(oneLine(text, 100)).toBe(expected)
  })

  it('is never longer, never hides anything, and has no line end', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 120 }), (text, lengthMax) => {
        const line = oneLine(text, lengthMax)
        expect(line.length).toBeLessThanOrEqual(lengthMax)
        expect(HIDDEN_CHARACTERS.exec(line)).toBeNull()
        expect(line).not.toMatch(/[\r\n\t]/)
      }),
    )
  })

  it('says with … that there was more, also when white space made it short', () => {
    expect(oneLine(`a${' '.repeat(1_000)}b`, 10)).toBe('a…')
    expect(oneLine('abcdefghijk', 10)).toBe('abcdefghi…')
  })
})

describe('many lines', () => {
  it('keeps line ends of every kind, at most one empty line, and a bounded number', () => {
    expect(manyLines('a\r\nb\rc\n\n\n\nd', 100)).toBe('a\nb\nc\n\nd')
    expect(manyLines('x\n'.repeat(1_000), 10_000).split('\n')).toHaveLength(40)
  })

  it('is never longer and hides nothing', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 120 }), (text, lengthMax) => {
        const lines = manyLines(text, lengthMax)
        expect(lines.length).toBeLessThanOrEqual(lengthMax)
        expect(HIDDEN_CHARACTERS.exec(lines)).toBeNull()
      }),
    )
  })
})

describe('cutting', () => {
  it('never leaves half a character', () => {
    expect(cut('ab🔥cd', 4)).toBe('ab…')
    expect(cut('ab🔥cd', 5)).toBe('ab🔥…')
  })

  it('never leaves half an entity', () => {
    expect(encodeUpTo('<<<<', 10, slackText)).toBe('&lt;&lt;…')
    expect(encodeUpTo('<<', 10, slackText)).toBe('&lt;&lt;')
  })

  it('gives what Slack decodes back to the beginning of the text', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 10, max: 200 }), (text, lengthMax) => {
        const encoded = encodeUpTo(text, lengthMax, slackText)
        expect(encoded.length).toBeLessThanOrEqual(lengthMax)
        expect(encoded).not.toMatch(/[<>]/)
        const decoded = encoded
          .replaceAll('&lt;', '<')
          .replaceAll('&gt;', '>')
          .replaceAll('&amp;', '&')
        const whole = slackText(text).length <= lengthMax
        expect(whole ? decoded === text : text.startsWith(decoded.slice(0, -1))).toBe(true)
      }),
    )
  })
})

describe('escaping', () => {
  it('takes their meaning from all characters of Slack and HTML', () => {
    expect(slackText('<!channel> & <@U1>')).toBe('&lt;!channel&gt; &amp; &lt;@U1&gt;')
    expect(slackCode('```<x>')).toBe('ˋˋˋ&lt;x&gt;')
    expect(htmlText(`<a b="c" d='e'>&`)).toBe('&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;')
  })

  it('makes links no links, and leaves mail addresses alone', () => {
    expect(defang('https://evil.example www.evil.example WWW.x soc@www')).toBe(
      'https[://]evil.example www[.]evil.example WWW[.]x soc@www',
    )
  })

  it.each([
    ['@here', '@\u200Bhere'],
    ['to @Channel, now', 'to @\u200BChannel, now'],
    ['bob@here.example', 'bob@here.example'],
    ['@hereford', '@hereford'],
  ])('breaks calls of everybody: %s', (text, expected) => {
    expect(breakMentions(text)).toBe(expected)
  })
})
