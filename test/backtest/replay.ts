// Owns running a backtest on entries in memory, and the same through the service's own pipeline, so
// that tests can say that both raise the same alerts.
import { createCollector, type Ending, type Gathered } from '../../src/backtest/collector.ts'
import { createResult, type RaisedAlert, type RuleCounts } from '../../src/backtest/result.ts'
import type { Alert } from '../../src/core/alert.ts'
import { createCalendar } from '../../src/core/calendar.ts'
import type { LookUp } from '../../src/core/event.ts'
import type { Block } from '../../src/input/blocks.ts'
import { silentLog } from '../../src/observe/log.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import { createPipeline } from '../../src/pipeline.ts'
import { createBacktestJudge } from '../../src/replay/backtest-judge.ts'
import type { Reading } from '../../src/replay/task.ts'
import { buildRuleSet, type RuleSet } from '../../src/ruleset.ts'
import { createMemoryAlertStore, createMemoryNumberStore } from '../../src/state/memory-alerts.ts'
import { createMemoryWindowStore } from '../../src/state/memory-windows.ts'
import { tellNobody } from '../../src/teller.ts'
import { createExplain } from '../../src/why.ts'

export const READING: Reading = {
  timezone: 'Europe/Berlin',
  contract: undefined,
  readTimeMs: 0,
  timeField: undefined,
  idField: undefined,
  hashSeed: 1_234_567_891,
}

/** A rule set of rules as they would stand in files. Throws when one has an error. */
export function ruleSetOf(rules: readonly { readonly id: string }[]): RuleSet {
  const files = rules.map((rule) => {
    const text = JSON.stringify({ title: rule.id, severity: 'low', ...rule })
    return {
      role: 'rule' as const,
      name: rule.id,
      path: `${rule.id}.json`,
      text,
    }
  })
  const options = { schedules: new Map() }
  const { ruleSet, problems } = buildRuleSet({ files, problems: [], version: 'test' }, options)
  const errors = problems.filter(({ level }) => level === 'error')
  if (errors.length > 0) throw new Error(JSON.stringify(errors))
  return ruleSet
}

/** A whole file's lines as one block. */
export function blockOf(lines: readonly unknown[]): Block {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  return {
    bytes: new Uint8Array(Buffer.from(text)),
    firstLine: 1,
    isTooLong: false,
  }
}

export type Room = {
  readonly slotsMax?: number
  readonly membersMax?: number
  readonly partMembers?: number
  readonly textBytesMax?: number
}

export type Setting = { readonly ending?: Ending; readonly lookUp?: LookUp }

export type Outcome = {
  readonly gathered: Gathered
  readonly alerts: readonly (readonly RaisedAlert[])[]
  readonly rules: readonly (readonly RuleCounts[])[]
}

/** Judges blocks of lines by each rule set. */
export async function backtest<T>(
  blocks: readonly (readonly unknown[])[],
  ruleSets: readonly RuleSet[],
  look: (outcome: Outcome) => T,
  { ending = { settleMs: 0 }, lookUp, ...room }: Room & Setting = {},
): Promise<T> {
  const rules = ruleSets.map((set) => new Map(set.rules.map((rule) => [rule.id, rule])))
  const judge = createBacktestJudge(ruleSets, READING, lookUp)
  const collector = createCollector({ rules, ...room })
  try {
    for (const lines of blocks) collector.add(judge.judge(blockOf(lines)))
    const gathered = await collector.finish(ending, new AbortController().signal)
    const result = createResult(gathered)
    return look({
      gathered,
      alerts: ruleSets.map((_, side) => [...result.alerts(side === 0 ? 0 : 1)]),
      rules: ruleSets.map((_, side) => result.rules(side === 0 ? 0 : 1)),
    })
  } finally {
    collector.close()
  }
}

/** What the service has stored after it got these batches, of each contract separately. */
export async function throughPipeline(
  batches: readonly {
    readonly contract: string
    readonly entries: readonly unknown[]
  }[],
  ruleSet: RuleSet,
): Promise<readonly Alert[]> {
  const alerts = createMemoryAlertStore()
  const rules = { ruleSet, explain: createExplain(ruleSet) }
  const pipeline = createPipeline({
    rules: () => rules,
    calendar: createCalendar(READING.timezone),
    alerts,
    windows: createMemoryWindowStore(),
    marks: { evaluated: async () => undefined, gaps: async () => [] },
    detection: { latenessMs: 93_600_000, settleMs: 900_000, membersMax: 10_000 },
    numbers: createMemoryNumberStore(),
    contracts: { add: async () => {}, list: async () => [] },
    teller: tellNobody,
    announce: () => {},
    clock: { now: () => 0, sleep: async () => {} },
    metrics: createMetrics(),
    log: silentLog,
  })
  for (const batch of batches) await pipeline.evaluate({ ...batch, readAt: 0 })
  const contracts = [...new Set(batches.map((batch) => batch.contract))]
  const stored = await Promise.all(contracts.map((contract) => alerts.latest(contract, 10_000)))
  return stored.flat().filter((alert) => alert.resolution !== 'merged')
}
