// Owns judging a block: its entries become events, and the rules that hold for them an answer. Which
// thread does it: pool.ts.
import { createCalendar } from '../core/calendar.ts'
import type { LookUp } from '../core/event.ts'
import { eventId, type NormalizeContext, normalizeEntry } from '../core/normalize.ts'
import { compilePath, parsePath } from '../core/path.ts'
import { createSchedule, type Schedule } from '../core/schedule.ts'
import type { Block } from '../input/blocks.ts'
import { buildRuleSet, type RuleSet } from '../ruleset.ts'
import { readsAny } from './facts-read.ts'
import { visitEntries } from './lines.ts'
import type { MatchAnswer, Reading, ScheduleText, Task } from './task.ts'

export type Judge<Answer> = {
  /** Synchronous, and not for two blocks at once. */
  judge(block: Block): Answer
}

/** Which rules match each entry, as lines to print. Without `lookUp` addresses lie nowhere. */
export function createMatchJudge(
  ruleSet: RuleSet,
  reading: Reading,
  lookUp?: LookUp,
): Judge<MatchAnswer> {
  const identify = readsAny(ruleSet, ['id'])
  const context = { ...contextOf(reading), identify, lookUp }
  return {
    judge(block) {
      let output = ''
      let matched = 0
      const tally = visitEntries(block, (entry, line) => {
        const { event } = normalizeEntry(entry, context)
        if (event === undefined) return
        const rules = ruleSet.match(event)
        if (rules.length === 0) return
        matched += 1
        const id = identify ? event.id : eventId(event, context)
        output += `${JSON.stringify({ line, id, rules: rules.map((rule) => rule.id) })}\n`
      })
      return { ...tally, matched, output }
    },
  }
}

/** How the entries of a task are read. */
export function contextOf(reading: Reading): NormalizeContext {
  const { contract, readTimeMs, timezone, timeField, idField } = reading
  const timePath = timeField === undefined ? undefined : fieldPath(timeField)
  const idPath = idField === undefined ? undefined : fieldPath(idField)
  return {
    contract,
    readTimeMs,
    calendar: createCalendar(timezone),
    ...(timePath && { timePath }),
    ...(idPath && { idPath }),
  }
}

/** What a field such as `a.b` selects in an entry. Throws RangeError for what is no path. */
export function fieldPath(field: string): (entry: unknown) => unknown {
  const isWhole = field.startsWith('$') || field.startsWith('.') || field.startsWith('[')
  const path = parsePath(isWhole ? field : `.${field}`)
  if ('problem' in path) throw new RangeError(path.problem)
  return compilePath(path)
}

/** The rule sets of a task, built in the thread that judges. */
export function ruleSetsOf({ ruleFiles, schedules: texts }: Task): readonly RuleSet[] {
  const schedules = new Map(texts.map((text) => [text.name, scheduleOf(text)]))
  return ruleFiles.map((files) => buildRuleSet(files, { schedules }).ruleSet)
}

function scheduleOf({ name, timezone, week }: ScheduleText): Schedule {
  return createSchedule(name, timezone, week)
}
