// Owns what time does to alerts: reminders, escalations, ends of silences and maintenance, and
// resolving what stayed quiet. Every look is a transition of its own, safe to repeat; a lease
// keeps replicas from doing it twice for nothing.
import { turnAlert } from './alert-actions.ts'
import type { Alert } from './core/alert.ts'
import type { Clock } from './core/clock.ts'
import { isQuiet } from './core/quiet.ts'
import type { Branch } from './core/route.ts'
import type { Log } from './observe/log.ts'
import type { Metrics } from './observe/metrics.ts'
import type {
  AlertActionStore,
  AlertPlace,
  ContractStore,
  LeaseStore,
  MarkStore,
  SilenceStore,
} from './state/stores.ts'
import type { Tell, Teller } from './teller.ts'

export type Nudges = {
  /** Looks at every alert whose time has come, once. Throws when a store does. */
  look(): Promise<void>
  /** Looks now and then, until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

export type NudgeParts = {
  readonly actions: AlertActionStore
  readonly contracts: ContractStore
  readonly silences: SilenceStore
  readonly leases: LeaseStore
  readonly marks: Pick<MarkStore, 'evaluated'>
  readonly teller: Teller
  readonly branchesOf: (alert: Alert) => readonly Branch[]
  /** How far the evaluated mark must be beyond what is said about silence, ms. */
  readonly settleMs: number
  readonly announce: (contract: string) => void
  /** Names this process among replicas. */
  readonly owner: string
  readonly clock: Clock
  readonly metrics: Metrics
  readonly log: Log
}

/** Between two looks: reminders and escalations are this late at most. */
const LOOK_INTERVAL_MS = 5_000
/** A process that dies is replaced after so long. */
const LEASE_MS = 30_000
const LEASE_NAME = 'nudges'
/** Alerts of one contract looked at in one go; the rest follows at once. */
const DUE_MAX = 500
/** Goes in one look: more wait for the next. */
const GOES_MAX = 20
/** Tries of one alert; a busy one has its turn at the next look. */
const TRIES_MAX = 5

export function createNudges(parts: NudgeParts): Nudges {
  const { contracts, leases, clock, owner, log } = parts
  let isFirst = true

  const look = async () => {
    const now = clock.now()
    const known = await contracts.list()
    // Routes may have changed since alerts were asked when to look: at a start all are looked at.
    if (isFirst) await touchAll(known, now, parts)
    isFirst = false
    await handleSilenceEnds(known, now, parts)
    for (const contract of known) await lookAtContract(contract, now, parts)
  }

  return {
    look,
    async run(signal) {
      while (!signal.aborted) {
        try {
          if (await leases.hold(LEASE_NAME, owner, LEASE_MS)) await look()
        } catch (error) {
          log.debug({ error }, 'nudges wait for Redis')
        }
        await clock.sleep(LOOK_INTERVAL_MS, signal)
      }
      await leases.release(LEASE_NAME, owner).catch(() => {})
    },
  }
}

async function touchAll(known: readonly string[], now: number, { actions }: NudgeParts) {
  for (const contract of known) await actions.touch(contract, now)
}

/** Ends are acted upon in order: the mark moves after all alerts were made due. */
async function handleSilenceEnds(known: readonly string[], now: number, parts: NudgeParts) {
  const { silences } = parts
  const handled = await silences.endsHandled()
  const ends = (await silences.list()).map(({ endsAt }) => endsAt)
  if (!ends.some((end) => end > handled && end <= now)) return
  await touchAll(known, now, parts)
  await silences.handleEnds(now)
}

async function lookAtContract(contract: string, now: number, parts: NudgeParts): Promise<void> {
  const mark = await parts.marks.evaluated(contract)
  const tell = await parts.teller(now)
  for (let go = 0; go < GOES_MAX; go += 1) {
    const places = await parts.actions.due(contract, now, DUE_MAX)
    let told = 0
    for (const place of places) told += await lookAt(contract, place, { tell, mark, parts })
    if (told > 0) parts.announce(contract)
    if (places.length < DUE_MAX) return
  }
}

type Look = {
  readonly tell: Tell
  /** The contract's evaluated mark, ms. */
  readonly mark: number | undefined
  readonly parts: NudgeParts
}

/** Looks at one alert; returns how many are told. */
async function lookAt(contract: string, place: AlertPlace, look: Look): Promise<number> {
  const { tell, mark, parts } = look
  const { actions, metrics, log } = parts
  for (let attempt = 0; attempt < TRIES_MAX; attempt += 1) {
    const { version, alerts } = await actions.group(contract, place.group, place.id)
    const before = alerts.find(({ id }) => id === place.id)
    if (before === undefined || before.state === 'resolved') {
      await actions.forget(contract, [place])
      return 0
    }
    const branches = parts.branchesOf(before)
    if (isQuiet(before, branches, mark, parts.settleMs)) {
      await endQuietly(contract, before, parts)
      return 0
    }
    const { alert, decision, notifications } = tell(before, before)
    const change = { group: place.group, version, alerts: [alert], trail: [], notifications }
    if ((await actions.change(contract, change)) === 'conflict') continue
    const { reason } = decision
    if (reason === 'none') return 0
    const receivers = notifications.map(({ receiver }) => receiver)
    log.info({ alert: `A-${alert.number}`, reason, receivers }, 'time to tell of an alert')
    metrics.nudges.inc({ reason })
    return notifications.length
  }
  return 0
}

/** Resolved because nothing came; a late entry takes it back. */
async function endQuietly(contract: string, alert: Alert, parts: NudgeParts): Promise<void> {
  await turnAlert(
    {
      contract,
      id: alert.id,
      action: { kind: 'end', reason: 'quiet' },
      actor: { by: 'system', from: 'system' },
      seen: alert.revision ?? 0,
    },
    parts,
  )
}
