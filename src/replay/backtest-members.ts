// Owns what windows of a rule set remember of a match in a backtest: in numbers, so that millions can
// be held. What they remember of an event in the service: core/detection/member.ts.
import { createCompiler } from '../core/compile.ts'
import { placeOf } from '../core/detection/member.ts'
import type { Event } from '../core/event.ts'
import { createFrame, fillFrame } from '../core/frame.ts'
import type { Detect } from '../core/rule-detect.ts'
import type { RuleSet } from '../ruleset.ts'
import type { Valuing } from './groupings.ts'

/** Three numbers: see `BacktestAnswer.members`. */
export type Memory = {
  a: number
  b: number
  c: number
}

/** Why there is nothing to remember: a value is missing, or no step is fulfilled. */
export type Lack = 'value' | 'step'

/** Puts what is remembered of an event into a memory; its `c` is 1 where the event's id is wanted. */
export type Remember = (event: Event, memory: Memory) => Lack | undefined

/** Conditions of steps of all rules of a set, each asked once per event. */
export type Steps = {
  bitsOf(event: Event, checks: readonly StepCheck[]): number
  compile(detect: Extract<Detect, { kind: 'sequence' }>): readonly StepCheck[]
}

type StepCheck = ReturnType<ReturnType<typeof createCompiler>['compile']>

export function createSteps(ruleSet: RuleSet): Steps {
  const compiler = createCompiler(ruleSet)
  const frame = createFrame()
  let last: Event | undefined
  return {
    compile: ({ steps }) => steps.map(({ conditions }) => compiler.compile(conditions)),
    bitsOf(event, checks) {
      if (event !== last) fillFrame(frame, event)
      last = event
      let bits = 0
      for (let at = 0; at < checks.length; at += 1) if (checks[at]?.(frame)) bits |= 1 << at
      return bits
    },
  }
}

export function createRemember(
  detect: Detect,
  steps: Steps,
  valuingOf: (names: readonly string[]) => Valuing,
): Remember {
  switch (detect.kind) {
    case 'threshold': {
      if (detect.distinct === undefined) return rememberNothing
      const valuing = valuingOf([detect.distinct])
      return (event, memory) => {
        // Without a value it counts for nothing, but lies in the extent and is evidence.
        rememberValue(event, memory, valuing)
        return undefined
      }
    }
    case 'firstSeen': {
      const valuing = valuingOf(detect.value)
      return (event, memory) => (rememberValue(event, memory, valuing) ? undefined : 'value')
    }
    case 'sequence': {
      const checks = steps.compile(detect)
      return (event, memory) => {
        const bits = steps.bitsOf(event, checks)
        setMemory(memory, bits, 0, 0)
        return bits === 0 ? 'step' : undefined
      }
    }
    case 'travel':
      return (event, memory) => {
        const place = placeOf(event)
        setMemory(memory, place?.latitude ?? 0, place?.longitude ?? 0, place === undefined ? 0 : 1)
        return place === undefined ? 'value' : undefined
      }
    default:
      return rememberNothing
  }
}

function rememberNothing(_: Event, memory: Memory): undefined {
  setMemory(memory, 0, 0, 0)
}

function rememberValue(event: Event, memory: Memory, valuing: Valuing): boolean {
  const isThere = valuing.has(event)
  if (isThere) setMemory(memory, valuing.words[0] ?? 0, valuing.words[1] ?? 0, -1)
  else setMemory(memory, 0, 0, 0)
  return isThere
}

function setMemory(memory: Memory, a: number, b: number, c: number): void {
  memory.a = a
  memory.b = b
  memory.c = c
}
