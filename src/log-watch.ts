// Owns noticing that the log is not read or not evaluated as it should be, that the token ends, or
// that rules were left out, and saying so by alerts of the system. The verdicts are core/log-health.ts.
import type { Clock } from './core/clock.ts'
import { judgeLog, judgeToken, type LogState, type LogVerdict } from './core/log-health.ts'
import type { Severity } from './core/severity.ts'
import { SYSTEM_CONTRACT, type SystemRuleId } from './core/system-rule.ts'
import type { Log } from './observe/log.ts'
import type { ContractStatus } from './source/contract-reader.ts'
import type { MarkStore } from './state/stores.ts'
import type { SystemAlerts } from './system-alerts.ts'

export type LogWatchParts = {
  readonly alerts: SystemAlerts
  readonly marks: MarkStore
  /** The contracts that this process reads, or stands by for. */
  readonly readers: () => Readonly<Record<string, ContractStatus>>
  /** When the API's token ends (ms), if it says so. */
  readonly tokenExpiresAt: () => number | undefined
  /** What is wrong with the rules in use, in a sentence. */
  readonly rulesFault: () => string | undefined
  readonly clock: Clock
  readonly log: Log
}

export type LogWatch = {
  /** Looks once. Throws nothing: what can't be told now is told at the next look. */
  look(): Promise<void>
  /** Looks now and then until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

const LOOK_MS = 15_000

/** An alert that lasts is brought up to date this often. */
const REFRESH_MS = 600_000

/** Gaps are looked for so far back: they are found within a day. */
const GAPS_MS = 48 * 3_600_000

/** When more contracts than this are blind, it is one trouble, and one alert. */
const BLIND_EACH_MAX = 10

/** One alert that is open or not, as this process left it. */
type Told = { readonly level: string | undefined; readonly at: number }

type Finding = {
  readonly rule: SystemRuleId
  readonly contract: string
  readonly text: string | undefined
  /** What makes it news when it changes; without one, only that it is there. */
  readonly level?: string
  readonly severity?: Severity
}

export function createLogWatch(parts: LogWatchParts): LogWatch {
  const { alerts, clock, log } = parts
  const told = new Map<string, Told>()

  const tell = async (finding: Finding): Promise<void> => {
    const { rule, contract, text, severity } = finding
    const key = `${rule}/${contract}`
    const now = clock.now()
    const before = told.get(key)
    const level = text === undefined ? undefined : (finding.level ?? 'there')
    const isDue = level !== undefined && before !== undefined && now - before.at >= REFRESH_MS
    // What an earlier process left open is unknown: the first look says so in any case.
    if (before !== undefined && before.level === level && !isDue) return
    if (text === undefined) await alerts.clear({ rule, contract, at: now })
    else await alerts.raise({ rule, contract, text, at: now, ...(severity && { severity }) })
    told.set(key, { level, at: now })
  }

  const look = async (): Promise<void> => {
    for (const finding of await findAll(parts, forgetOthers)) {
      try {
        await tell(finding)
      } catch (error) {
        log.debug({ rule: finding.rule, error }, 'an alert of the system waits')
      }
    }
  }

  /** Who reads a contract again knows nothing of what another process told meanwhile. */
  const forgetOthers = (contracts: readonly string[]): void => {
    const own = new Set([...contracts, SYSTEM_CONTRACT])
    for (const key of told.keys()) {
      if (!own.has(key.slice(key.indexOf('/') + 1))) told.delete(key)
    }
  }

  return {
    look,
    async run(signal) {
      while (!signal.aborted) {
        await clock.sleep(LOOK_MS, signal)
        if (!signal.aborted) await look()
      }
    },
  }
}

async function findAll(
  parts: LogWatchParts,
  forgetOthers: (contracts: readonly string[]) => void,
): Promise<readonly Finding[]> {
  const { clock, log, rulesFault } = parts
  const now = clock.now()
  const held = Object.entries(parts.readers()).filter(([, { state }]) => state !== 'standby')
  forgetOthers(held.map(([contract]) => contract))
  const findings: Finding[] = []
  const verdicts = new Map<string, LogVerdict>()
  for (const [contract, status] of held) {
    try {
      verdicts.set(contract, judgeLog(await stateOf(contract, status, parts, now), now))
    } catch (error) {
      log.debug({ contract, error }, 'the watch waits for Redis')
    }
  }
  findings.push(...findingsOf(verdicts))
  if (held.length > 0) findings.push(tokenFinding(parts.tokenExpiresAt(), now))
  const rules = rulesFault()
  const level = rules === undefined ? {} : { level: rules }
  return [
    ...findings,
    { rule: 'tocsin-rules-invalid', contract: SYSTEM_CONTRACT, text: rules, ...level },
  ]
}

async function stateOf(
  contract: string,
  status: ContractStatus,
  { marks }: LogWatchParts,
  now: number,
): Promise<LogState> {
  const { since, begunAt, liveFrom, lastSuccess, lastError, state } = status
  const isFine = state === 'reading' || state === 'starting'
  const reason = lastError?.reason
  const refused = state === 'blind' && (reason === 'unauthorized' || reason === 'forbidden')
  const text = state === 'queue-full' ? 'the queue is full' : (lastError?.message ?? state)
  const [evaluatedMark, gaps] = await Promise.all([
    marks.evaluated(contract),
    marks.gaps(contract, { from: now - GAPS_MS, to: now }),
  ])
  return {
    contract,
    since: begunAt ?? since,
    lastSuccess,
    trouble: isFine ? undefined : { refused, text },
    evaluatedMark,
    liveFrom: liveFrom ?? 0,
    gaps,
  }
}

function findingsOf(verdicts: ReadonlyMap<string, LogVerdict>): readonly Finding[] {
  const blind = [...verdicts].filter(([, verdict]) => verdict.blind !== undefined)
  const isOneTrouble = blind.length > BLIND_EACH_MAX
  const first = blind[0]?.[1].blind
  const all = isOneTrouble ? `${blind.length} contracts can not be read: ${first}` : undefined
  const each = [...verdicts].flatMap(([contract, verdict]): Finding[] => [
    { rule: 'tocsin-blind', contract, text: isOneTrouble ? undefined : verdict.blind },
    { rule: 'tocsin-lagging', contract, text: verdict.lagging },
    ...gapFindings(contract, verdict),
  ])
  return [...each, { rule: 'tocsin-blind', contract: SYSTEM_CONTRACT, text: all }]
}

function gapFindings(contract: string, { gap, gapStays }: LogVerdict): readonly Finding[] {
  if (gap === undefined && gapStays) return []
  const level = gap === undefined ? {} : { level: gap }
  return [{ rule: 'tocsin-gap', contract, text: gap, ...level }]
}

const TOKEN_SEVERITY = { soon: 'medium', 'very-soon': 'high', now: 'critical' } as const

function tokenFinding(expiresAt: number | undefined, now: number): Finding {
  const rule = 'tocsin-token-expiring'
  const verdict = judgeToken(expiresAt, now)
  if (verdict === undefined) return { rule, contract: SYSTEM_CONTRACT, text: undefined }
  const { level, text } = verdict
  return { rule, contract: SYSTEM_CONTRACT, text, level, severity: TOKEN_SEVERITY[level] }
}
