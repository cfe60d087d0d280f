// Owns the metrics: their names, labels and meaning. Who counts what is with whoever does it.
import { Counter, Gauge, Histogram, Registry } from 'prom-client'

export type Metrics = ReturnType<typeof createMetrics>

/** Buckets from a few milliseconds to a minute, in seconds. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
/** Arrival delays reach from a second to a day. */
const DELAY_SECONDS = [1, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 14400, 86400]

/** A registry of its own per service, so that tests and replicas in one process don't mix. */
export function createMetrics() {
  const registers = [new Registry()] as [Registry]
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name, help, labelNames, registers })
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge({ name, help, labelNames, registers })
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name, help, buckets, registers })
  const scrapes: (() => Promise<void>)[] = []
  return {
    registry: registers[0],
    /** Called before each scrape, for what is measured only then. Must not throw or hang. */
    onScrape: (measure: () => Promise<void>) => void scrapes.push(measure),
    /** All of it, in Prometheus' text format. */
    async text(): Promise<string> {
      await Promise.all(scrapes.map((measure) => measure()))
      return await registers[0].metrics()
    },
    entriesRead: counter('tocsin_entries_read_total', 'Entries read from the API', ['contract']),
    entriesNew: counter('tocsin_entries_new_total', 'Entries put on the queue', ['contract']),
    eventsEvaluated: counter('tocsin_events_evaluated_total', 'Events judged by the rules', []),
    matches: counter('tocsin_matches_total', 'Events that matched a rule', ['rule']),
    notCounted: counter(
      'tocsin_matches_not_counted_total',
      'Matches that count for no detection, by reason',
      ['rule', 'reason'],
    ),
    ruleSeconds: counter(
      'tocsin_rule_seconds_total',
      'Time of a rule if it were asked about every event, estimated from a sample',
      ['rule'],
    ),
    detections: counter('tocsin_detections_total', 'Detections of a rule', ['rule']),
    alerts: counter('tocsin_alerts_total', 'Alerts opened', ['rule', 'severity']),
    disputed: counter('tocsin_match_disputed_total', 'Verdicts the engine denied', ['rule']),
    notifications: counter('tocsin_notifications_total', 'Notifications by fate', [
      'receiver',
      'reason',
      'result',
    ]),
    nudges: counter('tocsin_nudges_total', 'Alerts told because of time alone', ['reason']),
    errors: counter('tocsin_errors_total', 'Errors by station', ['stage', 'reason']),
    rules: gauge('tocsin_rules', 'Rules by state', ['state']),
    readMarkAge: gauge('tocsin_read_mark_age_seconds', 'Age of the read mark', ['contract']),
    evaluatedMarkAge: gauge('tocsin_evaluated_mark_age_seconds', 'Age of the evaluated mark', [
      'contract',
    ]),
    queueJobs: gauge('tocsin_queue_jobs', 'Jobs of each queue by state', ['queue', 'state']),
    arrivalDelay: histogram(
      'tocsin_arrival_delay_seconds',
      'How long after it happened an entry was read',
      DELAY_SECONDS,
    ),
    detectSeconds: histogram('tocsin_detect_seconds', 'Entry read to alert stored', SECONDS),
    canarySeconds: histogram('tocsin_canary_seconds', 'Canary sent to canary delivered', SECONDS),
    notifySeconds: histogram('tocsin_notify_seconds', 'Alert stored to message accepted', SECONDS),
  }
}
