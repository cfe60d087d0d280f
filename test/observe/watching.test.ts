// Owns the proof that what watches Tocsin from outside asks for what it tells: each metric and label of
// the dashboard and of Prometheus' alerts is one of the code's, and those that are promised are there.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createMetrics } from '../../src/observe/metrics.ts'
import { pageOf, ROOT, section } from '../markdown.ts'

type Known = {
  readonly name: string
  readonly type: string
  readonly labelNames: readonly string[]
}

const FOLDER = join(ROOT, 'docs/operations')
const known = new Map(
  (createMetrics().registry.getMetricsAsArray() as unknown as readonly Known[]).map((metric) => [
    metric.name,
    metric,
  ]),
)

/** Those that users were promised, with their labels. */
const PROMISED: readonly (readonly [name: string, ...labels: string[]])[] = [
  ['tocsin_entries_read_total', 'contract'],
  ['tocsin_entries_new_total', 'contract'],
  ['tocsin_events_evaluated_total'],
  ['tocsin_matches_total', 'rule'],
  ['tocsin_detections_total', 'rule'],
  ['tocsin_alerts_total', 'rule', 'severity'],
  ['tocsin_notifications_total', 'receiver', 'reason', 'result'],
  ['tocsin_errors_total', 'stage', 'reason'],
  ['tocsin_read_mark_age_seconds', 'contract'],
  ['tocsin_evaluated_mark_age_seconds', 'contract'],
  ['tocsin_arrival_delay_seconds'],
  ['tocsin_detect_seconds'],
  ['tocsin_notify_seconds'],
  ['tocsin_canary_seconds'],
  ['tocsin_queue_jobs', 'queue', 'state'],
  ['tocsin_rules', 'state'],
  ['tocsin_rule_seconds_total', 'rule'],
]

it.each(PROMISED)('%s is there', (name, ...labels) => {
  expect(known.get(name)?.labelNames).toEqual(labels)
})

it('every metric is in docs/operations.md', () => {
  const rows = section(pageOf('docs/operations.md'), '### Metrics').join('\n')
  expect([...known.keys()].filter((name) => !rows.includes(`\`${name}`))).toEqual([])
})

type Panel = { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }

const dashboard = JSON.parse(readFileSync(join(FOLDER, 'grafana-dashboard.json'), 'utf8')) as {
  readonly panels: readonly Panel[]
}
const alerts = readFileSync(join(FOLDER, 'prometheus-alerts.yml'), 'utf8')

const expressions: readonly (readonly [where: string, expr: string])[] = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => [title, expr] as const),
  ),
  ...[...alerts.matchAll(/- alert: (\S+)\n\s+expr: (.*)/g)].map(
    ([, name = '', expr = '']) => [name, expr] as const,
  ),
]

/** The metric that a name in an expression is about: histograms have three more each. */
function metricOf(name: string): Known | undefined {
  const base = name.replace(/_(bucket|sum|count)$/, '')
  const found = known.get(name) ?? known.get(base)
  return found?.name === name || found?.type === 'histogram' ? found : undefined
}

describe('dashboard and alerts', () => {
  it('there are both', () => {
    expect(dashboard.panels.length).toBeGreaterThan(10)
    expect(expressions.length).toBeGreaterThan(30)
  })

  it.each(expressions)('%s: %s', (_where, expr) => {
    const names = expr.match(/\btocsin_\w+/g) ?? []
    expect(names.length).toBeGreaterThan(0)
    expect(names.filter((name) => metricOf(name) === undefined)).toEqual([])
    const labels = new Set(names.flatMap((name) => metricOf(name)?.labelNames ?? []))
    const asked = [
      ...[...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/)),
      ...[...expr.matchAll(/[{,]\s*(\w+)=/g)].map(([, label = '']) => label),
    ]
    const outside = ['le', 'job']
    expect(asked.filter((label) => !labels.has(label) && !outside.includes(label))).toEqual([])
  })
})
