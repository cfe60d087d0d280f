// Owns how the API shows alerts: a row of the list and the whole of one, as shapes and made from
// what is stored. Times are ISO 8601; texts that events brought are as they were, so hostile.
import { z } from 'zod'
import { type Alert, alertName, type Evidence, type Signature, type Why } from '../core/alert.ts'
import { SEVERITIES } from '../core/severity.ts'
import type { TrailEntry } from '../core/alert-action.ts'
import type { Delivery } from '../state/delivery-stores.ts'
import type { StoredEvent } from '../state/view-stores.ts'

export const STATES = ['open', 'acknowledged', 'resolved'] as const

const time = z.string().describe('ISO 8601, UTC')
const fieldShape = z.object({ name: z.string(), value: z.string() })

export const alertRowShape = z.object({
  id: z.string(),
  name: z.string().describe('A-1042'),
  contract: z.string(),
  rule: z.object({ id: z.string(), title: z.string(), tags: z.array(z.string()) }),
  severity: z.enum(SEVERITIES),
  state: z.enum(STATES),
  resolution: z.string().optional(),
  title: z.string(),
  summary: z.string().optional(),
  group: z.array(fieldShape).describe('What its events share.'),
  first: time,
  last: time,
  count: z.number().describe('Different events.'),
  evidenceTimes: z.array(time).describe('Of its first and its latest events.'),
  notes: z.array(z.string()).describe('disputed, historical, staged'),
  revision: z.number().describe('Counts what people did to it; also its ETag.'),
})

export type AlertRow = z.output<typeof alertRowShape>

export type WhyView = Omit<Why, 'children'> & { readonly children?: readonly WhyView[] | undefined }

const whyShape: z.ZodType<WhyView> = z
  .lazy(() =>
    z.object({
      kind: z.enum(['all', 'any', 'not', 'leaf']),
      verdict: z.boolean(),
      name: z.string().optional(),
      fact: z.string().optional(),
      path: z.string().optional(),
      operator: z.string().optional(),
      expected: z.string().optional().describe('JSON text'),
      found: z.string().optional().describe('JSON text'),
      children: z.array(whyShape).optional(),
    }),
  )
  .meta({ id: 'Why', description: 'One node of the verdict tree.' }) as z.ZodType<WhyView>

export { whyShape }

const deliveryShape = z.object({
  receiver: z.string(),
  reason: z.string(),
  state: z.enum(['sending', 'waiting', 'gathered', 'delivered', 'dead']),
  attempts: z.number(),
  firstAt: time,
  lastAt: time,
  failure: z.string().optional(),
})

const signatureShape = z.object({ by: z.string(), at: time, from: z.string() })

const trailShape = signatureShape.extend({
  action: z.string(),
  stateBefore: z.string(),
  stateAfter: z.string(),
  reason: z.string().optional(),
  comment: z.string().optional(),
})

export const alertShape = alertRowShape.extend({
  rule: z.object({
    id: z.string(),
    title: z.string(),
    tags: z.array(z.string()),
    description: z.string().optional(),
    references: z.array(z.string()),
    falsePositives: z.array(z.string()),
    runbook: z.string().optional(),
  }),
  ruleSetVersion: z.string(),
  fields: z.array(fieldShape),
  evidence: z.array(
    z.object({
      id: z.string(),
      time,
      fields: z.array(fieldShape),
      entry: z.unknown().optional().describe('The entry itself, while it is kept.'),
    }),
  ),
  why: whyShape.optional(),
  deliveries: z.array(deliveryShape).describe('Who was told, or is to be.'),
  trail: z.array(trailShape).describe('What people did, and what happened by itself.'),
  acknowledged: signatureShape.optional(),
  resolved: signatureShape.optional(),
})

export type AlertView = z.output<typeof alertShape>

export function toRow(alert: Alert): AlertRow {
  const { rule } = alert
  return {
    id: alert.id,
    name: alertName(alert),
    contract: alert.contract,
    rule: { id: rule.id, title: rule.title, tags: [...rule.tags] },
    severity: alert.severity,
    state: alert.state,
    ...(alert.resolution !== undefined && { resolution: alert.resolution }),
    title: alert.title,
    ...(alert.summary !== undefined && { summary: alert.summary }),
    group: [...alert.group],
    first: isoTime(alert.first),
    last: isoTime(alert.last),
    count: alert.count,
    evidenceTimes: alert.evidence.map((event) => isoTime(event.time)),
    notes: notesOf(alert),
    revision: revisionOf(alert),
  }
}

export function toView(
  alert: Alert,
  beside: {
    readonly deliveries: readonly Delivery[]
    readonly events: readonly StoredEvent[]
    readonly trail: readonly TrailEntry[]
    readonly isSilenced: boolean
  },
): AlertView {
  const { rule, acknowledged, resolved } = alert
  const entries = new Map(beside.events.map((event) => [event.id, event.entry]))
  return {
    ...toRow(alert),
    notes: [...notesOf(alert), ...(beside.isSilenced ? ['silenced'] : [])],
    rule: {
      id: rule.id,
      title: rule.title,
      tags: [...rule.tags],
      ...(rule.description !== undefined && { description: rule.description }),
      references: [...rule.references],
      falsePositives: [...rule.falsePositives],
      ...(rule.runbook !== undefined && { runbook: rule.runbook }),
    },
    ruleSetVersion: alert.ruleSetVersion,
    fields: [...alert.fields],
    evidence: alert.evidence.map((one) => evidenceView(one, entries)),
    ...(alert.why !== undefined && { why: alert.why }),
    deliveries: beside.deliveries.map(deliveryView),
    trail: beside.trail.map((entry) => ({ ...entry, at: isoTime(entry.at) })),
    ...(acknowledged !== undefined && { acknowledged: signatureView(acknowledged) }),
    ...(resolved !== undefined && { resolved: signatureView(resolved) }),
  }
}

function signatureView({ by, at, from }: Signature) {
  return { by, at: isoTime(at), from }
}

/** What an action must name: it counts actions, so that growth alone is no conflict. */
export function revisionOf(alert: Alert): number {
  return alert.revision ?? 0
}

export function isoTime(ms: number): string {
  // Far beyond the calendar: an entry may tell anything.
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : new Date(0).toISOString()
}

function notesOf(alert: Alert): string[] {
  const { disputed, historical, staged } = alert
  return [
    ...(disputed ? ['disputed'] : []),
    ...(historical ? ['historical'] : []),
    ...(staged ? ['staged'] : []),
  ]
}

function evidenceView({ id, time, fields }: Evidence, entries: ReadonlyMap<string, unknown>) {
  const entry = entries.get(id)
  return { id, time: isoTime(time), fields: [...fields], ...(entry !== undefined && { entry }) }
}

function deliveryView(delivery: Delivery) {
  const { receiver, reason, state, attempts, firstAt, lastAt, failure } = delivery
  return {
    receiver,
    reason,
    state,
    attempts,
    firstAt: isoTime(firstAt),
    lastAt: isoTime(lastAt),
    ...(failure !== undefined && { failure }),
  }
}
