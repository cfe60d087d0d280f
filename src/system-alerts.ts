// Owns raising and clearing the system's own alerts, by the same way as others: stored alert,
// decision, outbox. When there is reason to, those who notice decide.
import { createHash } from 'node:crypto'
import type { Alert, Field } from './core/alert.ts'
import { applyAction } from './core/alert-action.ts'
import { canonicalJson } from './core/canonical-json.ts'
import type { Severity } from './core/severity.ts'
import { SYSTEM_RULE_SET, type SystemRuleId, systemRule } from './core/system-rule.ts'
import type { Log } from './observe/log.ts'
import type { Metrics } from './observe/metrics.ts'
import type {
  AlertActionStore,
  ContractStore,
  GroupChange,
  GroupState,
  NumberStore,
} from './state/stores.ts'
import type { Teller } from './teller.ts'

/** Which of the system's alerts is meant: one per rule, contract and subject is open at a time. */
export type SystemCause = {
  readonly rule: SystemRuleId
  /** SYSTEM_CONTRACT for what concerns none. */
  readonly contract: string
  /** What it is about where a contract can have several, such as `{ name: 'receiver', … }`. */
  readonly subject?: Field
}

export type SystemAlerts = {
  /**
   * Opens the alert, or changes the one that is open: its last time, count and text, and its
   * severity where that rises. Raising again tells nobody again. Throws when a store does.
   */
  raise(
    cause: SystemCause & {
      /** What is wrong, in a sentence: the alert's summary. */
      readonly text: string
      /** When it was noticed, ms. */
      readonly at: number
      /** Instead of the rule's own. */
      readonly severity?: Severity
      /** More than the sentence, by name. */
      readonly fields?: readonly Field[]
    },
  ): Promise<Alert>
  /** Resolves the open alert as `returned`; undefined when there is none. */
  clear(cause: SystemCause & { readonly at: number }): Promise<Alert | undefined>
}

export type SystemAlertParts = {
  readonly actions: AlertActionStore
  readonly numbers: NumberStore
  readonly contracts: ContractStore
  readonly teller: Teller
  /** Told when notifications wait in a contract's outbox. */
  readonly announce: (contract: string) => void
  readonly metrics: Metrics
  readonly log: Log
}

/** Tries before raising fails: somebody else changed the same alert in between. */
const TRIES_MAX = 20
const GROUP_KEY_LENGTH = 20

type Raise = Parameters<SystemAlerts['raise']>[0]

export function createSystemAlerts(parts: SystemAlertParts): SystemAlerts {
  const known = new Set<string>()

  const remember = async (contract: string) => {
    if (known.has(contract)) return
    await parts.contracts.add(contract)
    known.add(contract)
  }

  return {
    async raise(cause) {
      await remember(cause.contract)
      const group = groupKey(cause)
      const raised = await change(cause.contract, group, parts, async (state) => {
        const open = state.alerts.find((alert) => alert.state !== 'resolved')
        const before = open
        const after = open === undefined ? await openAlert(cause, parts) : grow(open, cause)
        const tell = await parts.teller(cause.at)
        const { alert, notifications } = tell(before, after)
        return { before, alert, notifications, trail: [] }
      })
      const { before, alert } = raised as NonNullable<typeof raised>
      if (before === undefined) reportOpened(alert, parts)
      return alert
    },

    async clear(cause) {
      const group = groupKey(cause)
      const cleared = await change(cause.contract, group, parts, async (state) => {
        const before = state.alerts.find((alert) => alert.state !== 'resolved')
        if (before === undefined) return undefined
        const signature = { by: 'system', from: 'system', at: cause.at } as const
        const result = applyAction(before, { kind: 'end', reason: 'returned' }, signature)
        if ('refused' in result) return undefined
        const tell = await parts.teller(cause.at)
        const { alert, notifications } = tell(before, result.alert)
        const trail = [{ alertId: alert.id, entry: result.entry }]
        return { before, alert, notifications, trail }
      })
      if (cleared === undefined) return undefined
      const { number, rule } = cleared.alert
      parts.log.info({ alert: `A-${number}`, rule: rule.id }, 'alert of the system is over')
      return cleared.alert
    },
  }
}

type Turn = Pick<GroupChange, 'notifications' | 'trail'> & {
  readonly before: Alert | undefined
  readonly alert: Alert
}

/** Reads, decides, commits; again when somebody was faster. */
async function change(
  contract: string,
  group: string,
  { actions, announce }: SystemAlertParts,
  decide: (state: GroupState) => Promise<Turn | undefined>,
): Promise<Turn | undefined> {
  for (let attempt = 0; attempt < TRIES_MAX; attempt += 1) {
    const state = await actions.group(contract, group)
    const turn = await decide(state)
    if (turn === undefined) return undefined
    const { alert, trail, notifications } = turn
    const { version } = state
    const planned = { group, version, alerts: [alert], trail, notifications }
    if ((await actions.change(contract, planned)) === 'conflict') continue
    if (notifications.length > 0) announce(contract)
    return turn
  }
  throw new Error(`the system's alert ${group} of ${contract} kept changing`)
}

function groupKey({ rule, contract, subject }: SystemCause): string {
  const text = canonicalJson(['system', contract, rule, subject?.name, subject?.value])
  return createHash('sha256').update(text).digest('hex').slice(0, GROUP_KEY_LENGTH)
}

async function openAlert(cause: Raise, { numbers }: SystemAlertParts): Promise<Alert> {
  const [number] = await numbers.take(1)
  if (number === undefined) throw new Error(`no number for an alert of ${cause.rule}`)
  const { severity, ...rule } = systemRule(cause.rule)
  const group = cause.subject === undefined ? [] : [cause.subject]
  return {
    id: `${groupKey(cause)}-${number}`,
    number,
    contract: cause.contract,
    rule,
    ruleSetVersion: SYSTEM_RULE_SET,
    severity: cause.severity ?? severity,
    state: 'open',
    title: rule.title,
    summary: cause.text,
    group,
    first: cause.at,
    last: cause.at,
    count: 1,
    values: {},
    fields: [...group, ...(cause.fields ?? [])],
    evidence: [],
  }
}

/** What lasts grows without being news: only a higher severity is. */
function grow(open: Alert, { text, at, severity }: Raise): Alert {
  const count = open.count + 1
  const { told, acknowledged } = open
  return {
    ...open,
    summary: text,
    last: Math.max(open.last, at),
    count,
    ...(severity !== undefined && { severity }),
    ...(told !== undefined && { told: { ...told, count } }),
    ...(acknowledged !== undefined && { acknowledged: { ...acknowledged, count } }),
  }
}

function reportOpened(alert: Alert, { metrics, log }: SystemAlertParts): void {
  const { number, rule, severity, summary } = alert
  metrics.alerts.inc({ rule: rule.id, severity })
  log.warn({ alert: `A-${number}`, rule: rule.id, severity, summary }, 'alert of the system opened')
}
