// Owns showing what of the last 30 days was evaluated: a strip a contract, with its gaps, and the same
// in words. What coverage is, the API says.
import type { CoverageView } from '../../src/http/coverage-view.ts'
import { useLoaded } from './loaded.ts'
import { ErrorNotice, Loading } from './parts.tsx'
import { spanText, Time, timeText } from './time.tsx'

const DAYS = 30
const REFRESH_MS = 30_000
/** The strip's own measure; the page stretches it. */
const [WIDTH, HEIGHT] = [720, 24]
/** A gap of a second in 30 days must still be seen. */
const GAP_WIDTH_MIN = 3
const GAPS_SHOWN_MAX = 20

const REASONS: Readonly<Record<CoverageView['gaps'][number]['reason'], string>> = {
  unproven: 'not read completely so far',
  'given-up': 'could not be read completely in a day',
  poisoned: 'no attempt could evaluate what was read',
  lost: 'the queue lost what was read',
}

type Answer = { readonly contracts: readonly CoverageView[]; readonly next?: string }

export function CoverageSection() {
  const path = `/api/coverage?from=${DAYS}d`
  const { value, error } = useLoaded<Answer>(path, { everyMs: REFRESH_MS })
  if (value?.contracts.length === 0) return null
  return (
    <section aria-labelledby="coverage-title">
      <h2 id="coverage-title">Coverage of the last {DAYS} days</h2>
      <ErrorNotice error={error} />
      {value === undefined && error === undefined && <Loading what="the coverage" />}
      {value?.contracts.map((found) => (
        <Contract key={found.contract} found={found} />
      ))}
      {value?.next !== undefined && (
        <p class="quiet">
          There are more contracts: <code>npx tocsin coverage --from {DAYS}d</code> lists them all.
        </p>
      )}
    </section>
  )
}

function Contract({ found }: { readonly found: CoverageView }) {
  const { contract, entries, evaluated, poisoned, waiting, unusable, delay, gaps, gapCount } = found
  const isWhole = gapCount === 0 && poisoned === 0
  return (
    <div class="coverage" role="group" aria-label={`Contract ${contract}`}>
      <p class="coverage-head">
        <span class="mono">{contract}</span>
        <span>
          <strong>{evaluated.toLocaleString()}</strong> of{' '}
          <strong>{entries.toLocaleString()}</strong> entries evaluated
        </span>
        <span class={isWhole ? 'ok-text' : 'bad-text'}>
          {gapCount === 0 ? 'no gap' : gapCount === 1 ? '1 gap' : `${gapCount} gaps`}
        </span>
      </p>
      <Strip found={found} />
      <p class="coverage-ends quiet" aria-hidden="true">
        <span>{DAYS} days ago</span>
        <span>now</span>
      </p>
      <p class="quiet">
        {delay === undefined ? (
          'How late entries arrive is not known yet.'
        ) : (
          <>
            Entries arrive late by up to {seconds(delay.p50)} (half of them), {seconds(delay.p95)}{' '}
            (95 %), {seconds(delay.max)} (the latest).
          </>
        )}
        {waiting > 0 && ` ${waiting.toLocaleString()} wait.`}
        {unusable > 0 && ` ${unusable.toLocaleString()} more are no entries.`}
      </p>
      {poisoned > 0 && (
        <p class="bad-text">{poisoned.toLocaleString()} entries could not be evaluated.</p>
      )}
      {gapCount > 0 && (
        <details>
          <summary>Where something may be missing</summary>
          <ul>
            {gaps.slice(-GAPS_SHOWN_MAX).map(({ from, to, reason }) => (
              <li key={`${from} ${to}`}>
                <Time iso={from} /> to <Time iso={to} />: {REASONS[reason]}
              </li>
            ))}
          </ul>
          {gapCount > GAPS_SHOWN_MAX && (
            <p class="quiet">
              These are {GAPS_SHOWN_MAX} of {gapCount}.
            </p>
          )}
        </details>
      )}
    </div>
  )
}

function Strip({ found }: { readonly found: CoverageView }) {
  const { since, evaluatedMark, gaps } = found
  const [from, to] = [ms(found.from), ms(found.to)]
  const at = (time: number) => ((Math.min(Math.max(time, from), to) - from) / (to - from)) * WIDTH
  const begin = since === undefined ? WIDTH : at(ms(since))
  const end = evaluatedMark === undefined ? begin : Math.max(begin, at(ms(evaluatedMark)))
  return (
    <svg
      class="strip"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={stripText(found)}
    >
      <rect class="strip-nothing" x="0" y="10" width={WIDTH} height="4" />
      <rect class="strip-covered" x={begin} y="4" width={end - begin} height="16" />
      {gaps.map((gap) => (
        <rect
          key={`${gap.from} ${gap.to}`}
          class="strip-gap"
          x={Math.min(at(ms(gap.from)), WIDTH - GAP_WIDTH_MIN)}
          y="0"
          width={Math.max(GAP_WIDTH_MIN, at(ms(gap.to)) - at(ms(gap.from)))}
          height={HEIGHT}
        />
      ))}
    </svg>
  )
}

/** What the strip shows, for those who don't see it. */
function stripText({ from, since, evaluatedMark, gaps, gapCount }: CoverageView): string {
  if (since === undefined || evaluatedMark === undefined) return 'Nothing was read so far.'
  const isLater = ms(since) > ms(from)
  const begin = isLater ? `Reading began ${timeText(since)}` : `Since ${timeText(from)}`
  const missing = gaps.reduce((sum, gap) => sum + ms(gap.to) - ms(gap.from), 0)
  const holes =
    gapCount === 0
      ? 'without a gap'
      : `with ${gapCount === 1 ? 'one gap' : `${gapCount} gaps`}, ${spanText(missing)} in all`
  return `${begin}; evaluated up to ${timeText(evaluatedMark)} ${holes}.`
}

function ms(iso: string): number {
  return new Date(iso).getTime()
}

function seconds(value: number): string {
  return spanText(value * 1_000)
}
