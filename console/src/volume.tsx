// Owns the place of a rule's volume over a week: in words at once, as a chart when that has been loaded.
import { useEffect, useRef } from 'preact/hooks'
import type { RuleView } from './rule-shapes.ts'

type Volume = RuleView['volume']

export function VolumeChart({ volume }: { readonly volume: Volume }) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    let destroy: (() => void) | undefined
    let isGone = false
    void import('./volume-chart.ts')
      .then(({ drawVolume }) => {
        if (!isGone && place.current !== null) destroy = drawVolume(place.current, volume)
      })
      // The words do without.
      .catch(() => {})
    return () => {
      isGone = true
      destroy?.()
    }
  }, [volume])
  return (
    <figure class="volume">
      <div ref={place} role="img" aria-label={textOf(volume)} />
      <figcaption class="quiet">Matches and alerts an hour, over 7 days</figcaption>
    </figure>
  )
}

function textOf(volume: Volume): string {
  const busiest = volume.reduce((most, hour) => (hour.matches > most.matches ? hour : most), {
    at: '',
    matches: 0,
    alerts: 0,
  })
  if (busiest.matches === 0) return 'No match in 7 days.'
  const active = volume.filter(({ matches }) => matches > 0).length
  return `Matches in ${active} of ${volume.length} hours, at most ${busiest.matches} in one.`
}
