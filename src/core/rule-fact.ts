// Owns how detect and alert name a fact, and how rules write durations. Reading facts: fact-value.ts.
import { parseDuration } from './duration.ts'
import { FACT_NAMES, FACTS, type FactName } from './event.ts'
import { isFactName } from './fact-value.ts'
import { type JsonSchema, type Shape, reportError } from './shape.ts'
import { describeFound, suggestName } from './suggest.ts'

/** State of a group is forgotten 400 days after its last event, so no span can be longer. */
const DURATION_MAX_MS = 400 * 86_400_000

const ENTRY_PATH = /^entry(\.[^.\s{}[\]'"$*]+)+$/

const DURATION_PATTERN = {
  'one second': '^[1-9][0-9]*[smhdw]$',
  zero: '^(0|[1-9][0-9]*)[smhdw]$',
} as const

/** 0 for `0s`, `0m`, …, which is no duration elsewhere. */
export function zeroDuration(value: unknown): 0 | undefined {
  return typeof value === 'string' && /^0[smhdw]$/.test(value) ? 0 : undefined
}

export function isFact(name: string): name is FactName {
  return Object.hasOwn(FACTS, name)
}

/** A duration in ms: `30s`, `10m`, `2h`, `7d`. */
export function durationShape(min: 'one second' | 'zero'): Shape<number> {
  const minMs = min === 'zero' ? 0 : 1000
  const expected = `a duration from ${min === 'zero' ? '0s' : '1s'} to 400d, such as "10m"`
  return {
    expected,
    schema: {
      type: 'string',
      pattern: DURATION_PATTERN[min],
      examples: ['30s', '10m', '1h', '7d'],
    },
    parse(value, pointer, report) {
      const ms =
        min === 'zero' ? (zeroDuration(value) ?? parseDuration(value)) : parseDuration(value)
      if (ms !== undefined && ms >= minMs && ms <= DURATION_MAX_MS) return ms
      return reportError(report, pointer, `found ${describeFound(value)}, expected ${expected}`)
    },
  }
}

/** The name of a fact or of a path into the entry. `one value` refuses facts that hold several. */
export function factNameShape(holds: 'one value' | 'any value'): Shape<string> {
  const names = FACT_NAMES.filter((name) => holds === 'any value' || isScalar(name))
  return {
    expected: 'the name of a fact, or "entry.a.b"',
    schema: factNameSchema(names),
    parse(value, pointer, report) {
      if (typeof value !== 'string') {
        const found = describeFound(value)
        return reportError(report, pointer, `found ${found}, expected the name of a fact`)
      }
      if (ENTRY_PATH.test(value) || names.some((name) => name === value)) return value
      return reportError(report, pointer, wrongName(value, names))
    },
  }
}

function wrongName(name: string, names: readonly FactName[]): string {
  if (name === 'entry' || name.startsWith('entry.') || name.startsWith('entry[')) {
    return `${describeFound(name)} is no path into the entry: write names joined by dots, such as "entry.event.param.uri"`
  }
  if (isFactName(name)) {
    return `the fact ${describeFound(name)} holds several values, expected a fact that holds one`
  }
  return `unknown fact ${describeFound(name)}${suggestName(name, names)}`
}

function isScalar(name: FactName): boolean {
  return FACTS[name].type === 'string' || FACTS[name].type === 'number'
}

function factNameSchema(names: readonly FactName[]): JsonSchema {
  return {
    anyOf: [
      { enum: names },
      { type: 'string', pattern: ENTRY_PATH.source, description: 'a path into the raw entry' },
    ],
  }
}
