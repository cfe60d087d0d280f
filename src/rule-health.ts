// Owns looking at how rules do: since when staged ones are staged, and once a week the alert
// `tocsin-rule-health` that says it to whoever is told. What is said: core/rule-health.ts.
import type { Clock } from './core/clock.ts'
import type { Rule } from './core/rule.ts'
import { decidePromotion, NO_JUDGEMENT, reportHealth, WATCHED_DAYS } from './core/rule-health.ts'
import { SYSTEM_CONTRACT } from './core/system-rule.ts'
import { countJudgements } from './http/rule-noise.ts'
import type { Log } from './observe/log.ts'
import type { ContractStore, LeaseStore, RuleStatsStore } from './state/stores.ts'
import type { AlertPageStore, StagedStore } from './state/view-stores.ts'
import type { SystemAlerts } from './system-alerts.ts'

export type RuleHealthParts = {
  /** All rules that load, disabled ones too. */
  readonly rules: () => readonly Rule[]
  readonly staged: StagedStore
  readonly ruleStats: RuleStatsStore
  readonly alertPages: AlertPageStore
  readonly contracts: ContractStore
  readonly leases: LeaseStore
  readonly alerts: SystemAlerts
  readonly clock: Clock
  readonly log: Log
  /** Names this process among those that could tell it. */
  readonly owner: string
}

export type RuleHealth = {
  /** Looks once. Throws when a store does. */
  look(): Promise<void>
  /** Looks now and then until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

const LOOK_MS = 60_000
/** A process that dies holds it up so long. */
const LEASE_MS = 180_000
const DAY_MS = 86_400_000
const WEEK_MS = 7 * DAY_MS
/** A Monday, 07:00 UTC: the report is there when people in Europe begin their week. */
const FIRST_MS = Date.parse('2024-01-01T07:00:00Z')

export function createRuleHealth(parts: RuleHealthParts): RuleHealth {
  const { rules, staged, leases, clock, log, owner } = parts

  const look = async () => {
    const now = clock.now()
    if (!(await leases.hold('rule-health', owner, LEASE_MS))) return
    const ids = rules().flatMap(({ id, status }) => (status === 'staged' ? [id] : []))
    await staged.note(ids, now)
    const week = Math.floor((now - FIRST_MS) / WEEK_MS)
    const told = await staged.toldWeek()
    if (told === week) return
    // The first week has nothing to tell yet.
    if (told !== undefined) await tell(week, now, parts)
    // Last: after a crash before it the alert of the week grows, and nobody is told again.
    await staged.setToldWeek(week)
  }

  return {
    look,
    async run(signal) {
      while (!signal.aborted) {
        await look().catch((error: unknown) => log.debug({ error }, 'rule health waits for Redis'))
        if (!signal.aborted) await clock.sleep(LOOK_MS, signal)
      }
    },
  }
}

async function tell(week: number, now: number, parts: RuleHealthParts): Promise<void> {
  const [stats, judgements, since, fortnight] = await Promise.all([
    parts.ruleStats.read({ from: now - WEEK_MS, to: now }),
    countJudgements(parts, { from: now - WEEK_MS }),
    parts.staged.since(),
    countJudgements(parts, { from: now - WATCHED_DAYS * DAY_MS }),
  ])
  const weekOf = (rule: Rule) => {
    const { matches = 0, micros = 0 } = stats.rules.get(rule.id) ?? {}
    const judged = fortnight.get(rule.id) ?? NO_JUDGEMENT
    return {
      rule,
      matches,
      micros: micros > 0 && stats.events > 0 ? micros / stats.events : undefined,
      judgement: judgements.get(rule.id) ?? NO_JUDGEMENT,
      promotion:
        rule.status === 'staged' ? decidePromotion(since.get(rule.id), judged, now) : undefined,
    }
  }
  const all = parts.rules()
  const fields = reportHealth(all.map(weekOf), now)
  const subject = (of: number) => ({
    name: 'week',
    value: new Date(FIRST_MS + of * WEEK_MS).toISOString().slice(0, 10),
  })
  const cause = { rule: 'tocsin-rule-health', contract: SYSTEM_CONTRACT, at: now } as const
  const alerts = [...judgements.values()].reduce((sum, judgement) => sum + judgement.alerts, 0)
  const events = stats.events.toLocaleString('en')
  const text = `${all.length} rules judged ${events} events in 7 days and raised ${alerts} alerts.`
  await parts.alerts.raise({ ...cause, subject: subject(week), text, fields })
  // The report of the week before has been there for a week.
  await parts.alerts.clear({ ...cause, subject: subject(week - 1) })
}
