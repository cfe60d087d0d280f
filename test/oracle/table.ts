// Owns what a line of a table asks: of the oracle, and of what src/core/detection derives.
import { describe, expect, test } from 'vitest'
import type { Detect } from '../../src/core/rule-detect.ts'
import { deriveAtOnce, expected } from './derive-alerts.ts'
import type { OracleDetect } from './detections.ts'
import { type Case, inputOf, judge, shown } from './notation.ts'

/** One test for each line. */
export function table(
  name: string,
  detect: OracleDetect | undefined,
  cases: readonly Case[],
): void {
  describe(name, () => {
    for (const [sentence, line, alerts, setup] of cases) {
      test(sentence, () => {
        expect(shown(judge(detect, line, setup)), 'the oracle').toBe(alerts)
        const input = inputOf(detect, line, setup)
        // Of steps only `absent` and `count` are read: their conditions were judged before.
        const derived = deriveAtOnce(input, input.detect as Detect | undefined)
        expect(derived, 'what is derived').toEqual(expected(input))
      })
    }
  })
}
