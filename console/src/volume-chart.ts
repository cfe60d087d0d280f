// Owns the chart of a rule's matches and alerts by the hour. uPlot draws it; it is loaded only here.
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { RuleView } from './rule-shapes.ts'

const HEIGHT_PX = 150

/** Draws into `place`, as wide as that is; returns what takes it away again. */
export function drawVolume(place: HTMLElement, volume: RuleView['volume']): () => void {
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string) => style.getPropertyValue(name).trim()
  const axis = {
    stroke: colour('--quiet'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { stroke: colour('--line'), width: 1 },
  }
  const bars = uPlot.paths.bars?.({ size: [0.9, 12] })
  const series = (label: string, name: string) => ({
    label,
    stroke: colour(name),
    fill: colour(name),
    points: { show: false },
    ...(bars !== undefined && { paths: bars }),
  })
  const chart = new uPlot(
    {
      width: place.clientWidth,
      height: HEIGHT_PX,
      series: [{}, series('matches', '--line-strong'), series('alerts', '--critical')],
      axes: [
        axis,
        { ...axis, size: 40, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 10_000] },
      ],
      scales: { y: { range: (_chart, _low, high) => [0, Math.max(1, high)] } },
      cursor: { drag: { x: false, y: false } },
    },
    [
      volume.map(({ at }) => Date.parse(at) / 1_000),
      volume.map(({ matches }) => matches),
      volume.map(({ alerts }) => alerts),
    ],
    place,
  )
  const watcher = new ResizeObserver(() => {
    chart.setSize({ width: place.clientWidth, height: HEIGHT_PX })
  })
  watcher.observe(place)
  return () => {
    watcher.disconnect()
    chart.destroy()
  }
}
