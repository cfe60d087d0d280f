// Owns how noisy rules are: how many alerts of each people resolved, and how many of these as false
// positives. Counted from the alerts themselves, now and then.
import { type Judgement, NO_JUDGEMENT } from '../core/rule-health.ts'
import type { ContractStore } from '../state/stores.ts'
import type { AlertPageStore } from '../state/view-stores.ts'
import { readAlertPage } from './alert-pages.ts'

export type Noise = ReadonlyMap<string, Pick<Judgement, 'resolved' | 'falsePositives'>>

const WEEK_MS = 7 * 86_400_000
/** Alerts looked at; with more, the latest tell. */
const ALERTS_MAX = 2_000
const KEPT_MS = 30_000

/** Asks anew when the last answer is older than KEPT_MS. */
export function createNoise(parts: {
  readonly alertPages: AlertPageStore
  readonly contracts: ContractStore
  readonly now: () => number
}): () => Promise<Noise> {
  let known: { readonly at: number; readonly noise: Promise<Noise> } | undefined
  return () => {
    const now = parts.now()
    if (known === undefined || now - known.at > KEPT_MS) {
      known = { at: now, noise: countJudgements(parts, { from: now - WEEK_MS }) }
      known.noise.catch(() => {
        known = undefined
      })
    }
    return known.noise
  }
}

/**
 * What people said of each rule's alerts whose last event is not before `from` (ms); of `rules` alone,
 * or of all. Of more than ALERTS_MAX alerts the latest tell.
 */
export async function countJudgements(
  stores: { readonly alertPages: AlertPageStore; readonly contracts: ContractStore },
  { from, rules = [] }: { readonly from: number; readonly rules?: readonly string[] },
): Promise<ReadonlyMap<string, Judgement>> {
  const filter = {
    states: [],
    severities: [],
    rules,
    contracts: [],
    group: [],
    text: '',
    from,
    to: Number.POSITIVE_INFINITY,
  } as const
  const { alerts } = await readAlertPage(stores, filter, { after: undefined, limit: ALERTS_MAX })
  const judgements = new Map<string, Judgement>()
  for (const { rule, state, resolution } of alerts) {
    const before = judgements.get(rule.id) ?? NO_JUDGEMENT
    const byPeople = resolution === 'manual' || resolution === 'false-positive'
    judgements.set(rule.id, {
      alerts: before.alerts + 1,
      resolved: before.resolved + (state === 'resolved' && byPeople ? 1 : 0),
      falsePositives: before.falsePositives + (resolution === 'false-positive' ? 1 : 0),
    })
  }
  return judgements
}
