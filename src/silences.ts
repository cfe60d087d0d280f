// Owns making and ending silences, and saying beforehand what one would mute. What a silence is:
// core/silence.ts; that its end is told: nudges.ts.
import { randomUUID } from 'node:crypto'
import type { Alert } from './core/alert.ts'
import { type Matcher, matchesAlert } from './core/alert-matcher.ts'
import type { Clock } from './core/clock.ts'
import type { Silence, SilenceDraft } from './core/silence.ts'
import type { Log } from './observe/log.ts'
import type { Actor } from './alert-actions.ts'
import type { AlertActionStore, AlertStore, ContractStore, SilenceStore } from './state/stores.ts'

export type SilencePreview = {
  /** Alerts that are not resolved and would be muted, at most PREVIEW_MAX. */
  readonly open: readonly Alert[]
  readonly openCount: number
  /** How many of those with an event in the last 7 days, whatever their state. */
  readonly recentCount: number
  /** More alerts than could be looked at: the counts are at least. */
  readonly isPartial: boolean
}

export type Silences = {
  list(): Promise<readonly Silence[]>
  /** Undefined: there are too many already. */
  add(draft: SilenceDraft, actor: Actor): Promise<Silence | undefined>
  /** Undefined: there is none that has not ended. */
  expire(id: string, actor: Actor): Promise<Silence | undefined>
  preview(matchers: readonly Matcher[]): Promise<SilencePreview>
}

export type SilenceParts = {
  readonly silences: SilenceStore
  readonly alerts: AlertStore
  readonly actions: AlertActionStore
  readonly contracts: ContractStore
  readonly clock: Clock
  readonly log: Log
}

/** Open alerts that a preview names one by one. */
export const PREVIEW_MAX = 100
/** Alerts of a contract that a preview looks at. */
const LOOKED_AT_MAX = 10_000
const RECENT_MS = 7 * 86_400_000
/** Long enough to be unique among a thousand, short enough to be typed. */
const ID_LENGTH = 8

export function createSilences(parts: SilenceParts): Silences {
  const { silences, clock, log } = parts
  return {
    list: () => silences.list(),

    async add(draft, { by, from }) {
      const now = clock.now()
      const id = randomUUID().slice(0, ID_LENGTH)
      const silence = { ...draft, id, author: draft.author || by, createdAt: now, from }
      if ((await silences.add(silence, now)) === 'too-many') return undefined
      log.info({ silence: id, by: silence.author, from, until: draft.endsAt }, 'silence added')
      return silence
    },

    async expire(id, { by, from }) {
      const ended = await silences.expire(id, by, clock.now())
      if (ended !== undefined) log.info({ silence: id, by, from }, 'silence ended early')
      return ended
    },

    preview: (matchers) => preview(matchers, parts),
  }
}

async function preview(
  matchers: readonly Matcher[],
  { alerts, actions, contracts, clock }: SilenceParts,
): Promise<SilencePreview> {
  const since = clock.now() - RECENT_MS
  const open: Alert[] = []
  let recentCount = 0
  let isPartial = false
  for (const contract of await contracts.list()) {
    const live = await actions.open(contract, LOOKED_AT_MAX)
    const latest = await alerts.latest(contract, LOOKED_AT_MAX)
    open.push(...live.filter((alert) => matchesAlert(matchers, alert)))
    recentCount += latest.filter(
      (alert) => alert.last >= since && matchesAlert(matchers, alert),
    ).length
    if (live.length === LOOKED_AT_MAX || latest.length === LOOKED_AT_MAX) isPartial = true
  }
  open.sort((a, b) => b.last - a.last)
  return { open: open.slice(0, PREVIEW_MAX), openCount: open.length, recentCount, isPartial }
}
