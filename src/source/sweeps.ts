// Owns when which span is read again: to find stragglers, and to prove what could not be proven.
// It plans only; reader.ts reads.
import type { Gap } from '../core/coverage.ts'
import type { Span } from '../state/stores.ts'
import { splitAtHours, subtractSpans, sweepSpan } from './window.ts'

/** One kind of sweep: every so often, the last so much. */
export type SweepConfig = { readonly everyMs: number; readonly reachMs: number }

export type SweepPiece = { readonly kind: 'sweep' | 'unproven'; readonly window: Span }

export type Sweeps = {
  /** The next piece to read, newest first; undefined when nothing is due. */
  next(nowMs: number, markMs: number): SweepPiece | undefined
  /** Whether it is time to look for unproven spans; each time is told once. */
  wantsUnproven(nowMs: number): boolean
  /** Spans that are still unproven; those to be tried now are read next. */
  setUnproven(gaps: readonly Gap[], nowMs: number): void
  /** Takes out the spans that were tried for so long that they are gaps now. */
  takeGaps(nowMs: number): readonly Span[]
}

/** After this an unproven span is a gap: the same reach as the widest sweep's. */
const GIVE_UP_MS = 24 * 3_600_000

/** An unprovable span costs requests at every try, so the tries get rarer, up to this. */
const RETRY_MS_MAX = 3_600_000

const RETRY_MS_MIN = 60_000

export type SweepsOptions = {
  readonly sweeps: readonly SweepConfig[]
  readonly startMs: number
  /** Before this nothing was promised. */
  readonly sinceMs: number
  /** Whether no earlier run read the contract. */
  readonly isFirst: boolean
}

type Tried = { readonly span: Span; readonly notedMs: number; dueMs: number; tries: number }

export function createSweeps({ sweeps, startMs, sinceMs, isFirst }: SweepsOptions): Sweeps {
  const shortestFirst = [...sweeps].sort((left, right) => left.everyMs - right.everyMs)
  // After a restart all sweeps are due: a service that restarts every hour must still sweep.
  const plans = shortestFirst.map((config) => ({
    config,
    dueMs: isFirst ? startMs + config.everyMs : startMs,
    pending: [] as Span[],
  }))
  const retryMs = Math.max(shortestFirst[0]?.everyMs ?? RETRY_MS_MAX, RETRY_MS_MIN)
  let unprovenDueMs = startMs
  let unproven = new Map<string, Tried>()

  const refill = (nowMs: number, markMs: number): void => {
    for (const plan of plans) {
      if (!isDue(plan.dueMs, nowMs, plan.config.everyMs)) continue
      plan.dueMs = nowMs + plan.config.everyMs
      const { reachMs } = plan.config
      const span = sweepSpan({ nowMs, markMs, reachMs, sinceMs })
      // What an earlier round left is read first: a round that never ends would repeat its start.
      if (span === undefined || plan.pending.length > 0) continue
      // An unproven second is tried by itself: within a sweep it would fail the whole piece.
      const holes = [...unproven.values()].map((tried) => tried.span)
      const pieces = splitAtHours(span).flatMap((piece) => subtractSpans(piece, holes))
      plan.pending = [...pieces]
    }
  }

  const nextUnproven = (nowMs: number): SweepPiece | undefined => {
    for (const tried of unproven.values()) {
      if (nowMs < tried.dueMs) continue
      tried.tries += 1
      tried.dueMs = nowMs + Math.min(retryMs * 2 ** Math.min(tried.tries, 20), RETRY_MS_MAX)
      return { kind: 'unproven', window: tried.span }
    }
    return undefined
  }

  return {
    next(nowMs, markMs) {
      refill(nowMs, markMs)
      const [shortest, ...others] = plans
      const recent = shortest?.pending.pop()
      if (recent !== undefined) return { kind: 'sweep', window: recent }
      const again = nextUnproven(nowMs)
      if (again !== undefined) return again
      const window = others.find((plan) => plan.pending.length > 0)?.pending.pop()
      return window === undefined ? undefined : { kind: 'sweep', window }
    },
    wantsUnproven(nowMs) {
      if (!isDue(unprovenDueMs, nowMs, retryMs)) return false
      unprovenDueMs = nowMs + retryMs
      return true
    },
    setUnproven(gaps, nowMs) {
      unproven = new Map(
        gaps.map(({ from, to, foundAt }) => {
          const span = { from, to }
          const fresh = { span, notedMs: foundAt || nowMs, dueMs: nowMs, tries: 0 }
          return [keyOf(span), unproven.get(keyOf(span)) ?? fresh]
        }),
      )
    },
    takeGaps(nowMs) {
      const gaps = [...unproven.values()]
        .filter(({ span, notedMs }) => nowMs - Math.max(notedMs, span.to) > GIVE_UP_MS)
        .map(({ span }) => span)
      for (const span of gaps) unproven.delete(keyOf(span))
      return gaps
    },
  }
}

/** Also when the clock was set back: nothing is due later than its interval from now. */
function isDue(dueMs: number, nowMs: number, everyMs: number): boolean {
  return nowMs >= dueMs || dueMs - nowMs > everyMs
}

function keyOf(span: Span): string {
  return `${span.from}-${span.to}`
}
