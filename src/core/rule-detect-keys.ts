// Owns the keys of `detect` for each kind: their shapes, defaults and words for editors. What they
// mean together: rule-detect.ts.
import { durationShape, factNameShape } from './rule-fact.ts'
import {
  type Key,
  type Keys,
  anything,
  choice,
  flag,
  listOf,
  positive,
  record,
  text,
  whole,
} from './shape.ts'

export const DAY_MS = 86_400_000

/** A group keeps at most this many members by default, so that a higher count could not be seen. */
const COUNT_MAX = 10_000

/** Each step costs a pass over the window, and nobody reads a longer story. */
const STEPS_MAX = 20

const oneSecond = durationShape('one second')
const oneValue = factNameShape('one value')
const names = listOf(oneValue, { unique: true, max: 10 })

const groupByOf = (byDefault: readonly string[]): Key<readonly string[]> => ({
  shape: names,
  about: 'Facts whose values form a group; the contract is always part of it.',
  default: byDefault,
})

const within: Key<number> = {
  shape: oneSecond,
  about: 'Length of the span, by the time of the events.',
  must: true,
}

const STEP_KEYS = {
  name: { shape: text(80), about: 'Name of the step, shown in the alert.', must: true },
  conditions: {
    shape: anything('a condition tree', { $ref: '#/definitions/condition' }),
    about: 'Which of the events that match the rule fulfil this step.',
    must: true,
  },
  absent: { shape: flag, about: 'The step must not occur.', default: false },
  count: { shape: whole(1, COUNT_MAX), about: 'How many events of it are needed.', default: 1 },
} satisfies Keys

export const stepShape = record(STEP_KEYS, 'a step with name and conditions')

/** The keys of each kind without `kind` itself, and what it detects. */
export const DETECT_KINDS = {
  threshold: {
    about: 'At least `count` matching events of a group, or different values, inside one span.',
    keys: {
      count: { shape: whole(1, COUNT_MAX), about: 'How many make a detection.', must: true },
      within,
      groupBy: groupByOf(['user']),
      distinct: { shape: oneValue, about: 'Count different values of this fact instead.' },
    },
  },
  firstSeen: {
    about: 'A value that its group did not show before.',
    keys: {
      value: {
        shape: listOf(oneValue, { min: 1, max: 10, unique: true }),
        about: 'Facts that make up the value, e.g. country.',
        must: true,
      },
      groupBy: groupByOf(['user']),
      history: {
        shape: oneSecond,
        about: 'A value is new when not seen for this long.',
        default: '30d',
      },
      learn: {
        shape: durationShape('zero'),
        about: 'How long a group must be known before anything of it is new.',
        default: '7d',
      },
    },
  },
  sequence: {
    about: 'Events of one group that fulfil the steps in order inside one span.',
    keys: {
      steps: {
        // Each is read by stepShape later: a step that is no object must not shift the others' places.
        shape: listOf(anything(stepShape.expected, stepShape.schema), { min: 2, max: STEPS_MAX }),
        about: 'The steps in order.',
        must: true,
      },
      within,
      groupBy: groupByOf(['user']),
    },
  },
  spike: {
    about: 'A span with many more matching events than earlier ones had.',
    keys: {
      within,
      baseline: { shape: oneSecond, about: 'How far back the mean looks.', default: '7d' },
      factor: {
        shape: positive('above zero'),
        about: 'How many times the mean is a spike.',
        must: true,
      },
      min: { shape: whole(1, COUNT_MAX), about: 'Fewer events are never a spike.', must: true },
      groupBy: groupByOf([]),
    },
  },
  absence: {
    about: 'No matching event of a known group for a span that was read without gap.',
    keys: { within, groupBy: groupByOf([]) },
  },
  travel: {
    about: 'Two events of a group, next to each other in time, too far apart to travel.',
    keys: {
      maxSpeedKmh: { shape: positive('above zero'), about: 'Fastest believable.', default: 900 },
      minDistanceKm: {
        shape: positive('zero or more'),
        about: 'Nearer places are one.',
        default: 300,
      },
      groupBy: groupByOf(['user']),
    },
  },
} satisfies Record<string, { readonly about: string; readonly keys: Keys }>

export type DetectKind = keyof typeof DETECT_KINDS

export const kindShape = choice(Object.keys(DETECT_KINDS) as DetectKind[])
/** `kind` itself, beside the keys of every kind. */
export const kindKey: Key<DetectKind> = {
  shape: kindShape,
  about: 'What is looked for.',
  must: true,
}
