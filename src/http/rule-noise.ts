// Owns how noisy rules are: how many alerts of each people resolved, and how many of these as false
// positives. Counted from the alerts themselves, now and then.
import type { ContractStore } from '../state/stores.ts'
import type { AlertPageStore } from '../state/view-stores.ts'
import { readAlertPage } from './alert-pages.ts'

export type Noise = ReadonlyMap<
  string,
  { readonly resolved: number; readonly falsePositives: number }
>

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
      known = { at: now, noise: count(parts, now - WEEK_MS) }
      known.noise.catch(() => {
        known = undefined
      })
    }
    return known.noise
  }
}

async function count(
  stores: { readonly alertPages: AlertPageStore; readonly contracts: ContractStore },
  from: number,
): Promise<Noise> {
  const filter = {
    states: ['resolved'],
    severities: [],
    rules: [],
    contracts: [],
    group: [],
    text: '',
    from,
    to: Number.POSITIVE_INFINITY,
  } as const
  const { alerts } = await readAlertPage(stores, filter, { after: undefined, limit: ALERTS_MAX })
  const noise = new Map<string, { resolved: number; falsePositives: number }>()
  for (const { rule, resolution } of alerts) {
    if (resolution !== 'manual' && resolution !== 'false-positive') continue
    const counts = noise.get(rule.id) ?? { resolved: 0, falsePositives: 0 }
    counts.resolved += 1
    if (resolution === 'false-positive') counts.falsePositives += 1
    noise.set(rule.id, counts)
  }
  return noise
}
