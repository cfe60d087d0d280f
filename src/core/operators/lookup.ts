// Owns `inList` and `inSchedule`: what a name in a rule stands for is in list.ts and schedule.ts.
import { describeFound, suggestName } from '../suggest.ts'
import { NO_FAULTS, type Operator, type ValueFault, valueError } from './operator.ts'

function checkName(
  value: unknown,
  kind: string,
  known: ReadonlyMap<string, unknown>,
): readonly ValueFault[] {
  if (typeof value !== 'string') {
    return [valueError(`found ${describeFound(value)}, expected the name of a ${kind}`)]
  }
  if (known.has(value)) return NO_FAULTS
  const names = [...known.keys()]
  const hint = names.length > 0 ? suggestName(value, names) : `, and there is no ${kind} at all`
  return [valueError(`there is no ${kind} ${describeFound(value)}${hint}`)]
}

export const inList: Operator = {
  name: 'inList',
  about: 'the fact is in the named list: exactly, or, for a list of networks, inside one of them',
  expects: 'the name of a list (a file in the folder _lists, without .json)',
  takesFact: false,
  cost: 'cheap',
  throws: 'never',
  checkValue: (value, context) => checkName(value, 'list', context.lists),
  compile(value, context) {
    const list = context.lists.get(value as string)
    return list ? (factValue) => list.has(factValue) : () => false
  },
  evaluate: (factValue, value, context) =>
    context.lists.get(value as string)?.has(factValue) ?? false,
  needs(value, context) {
    const list = context.lists.get(value as string)
    return list?.kind === 'values' ? { as: 'value', values: list.values } : undefined
  },
}

export const inSchedule: Operator = {
  name: 'inSchedule',
  about: 'the fact is a time (ms) inside the named weekly schedule of the configuration',
  expects: 'the name of a schedule of the configuration',
  takesFact: false,
  cost: 'dear',
  throws: 'never',
  checkValue: (value, context) => checkName(value, 'schedule', context.schedules),
  compile(value, context) {
    const schedule = context.schedules.get(value as string)
    if (!schedule) return () => false
    return (factValue) => typeof factValue === 'number' && schedule.includes(factValue)
  },
  evaluate: (factValue, value, context) =>
    typeof factValue === 'number' &&
    (context.schedules.get(value as string)?.includes(factValue) ?? false),
}
