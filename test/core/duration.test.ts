// Owns the tests of core/duration.ts.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DURATION_MS_MAX, formatDuration, parseDuration } from '../../src/core/duration.ts'

describe('durations', () => {
  test.each([
    ['30s', 30_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
    ['1w', 604_800_000],
    ['90s', 90_000],
    ['3653d', DURATION_MS_MAX],
  ])('%s is %d ms', (text, durationMs) => {
    expect(parseDuration(text)).toBe(durationMs)
  })

  test.each([
    ['zero', '0s'],
    ['a sign', '-1s'],
    ['a plus', '+1s'],
    ['a leading zero', '01s'],
    ['a fraction', '1.5h'],
    ['no unit', '30'],
    ['no number', 's'],
    ['a space between', '30 s'],
    ['a space before', ' 30s'],
    ['a line break behind', '30s\n'],
    ['two units', '1h30m'],
    ['another unit', '1y'],
    ['upper case', '1H'],
    ['milliseconds', '100ms'],
    ['an exponent', '1e3s'],
    ['more than ten years', '3654d'],
    ['far too many digits', `${'9'.repeat(400)}s`],
    ['a number', 30],
    ['nothing', undefined],
    ['null', null],
    ['a list', ['30s']],
  ])('no duration: %s', (_name, text) => {
    expect(parseDuration(text)).toBeUndefined()
  })

  test.each([
    [0, '0s'],
    [250, '250ms'],
    [1_000, '1s'],
    [1_499, '1s'],
    [90_000, '90s'],
    [120_000, '2m'],
    [86_400_000, '1d'],
    [604_800_000, '1w'],
    [691_200_000, '8d'],
  ])('%d ms is written %s', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text)
  })

  test('what is written reads back as the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: DURATION_MS_MAX / 1_000 }), (seconds) => {
        expect(parseDuration(formatDuration(seconds * 1_000))).toBe(seconds * 1_000)
      }),
    )
  })
})
