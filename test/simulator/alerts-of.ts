// Owns which alerts the shipped rules would raise over entries: by the derivations themselves, over the whole set at once.
import { fileURLToPath } from 'node:url'
import { createCalendar } from '../../src/core/calendar.ts'
import { type Member, memberOf } from '../../src/core/detection/member.ts'
import { type Piece, uniteExtents } from '../../src/core/detection/pieces.ts'
import { derive } from '../../src/core/detection/registry.ts'
import type { Event } from '../../src/core/event.ts'
import { factValue } from '../../src/core/fact-value.ts'
import { createMatcher } from '../../src/core/match.ts'
import { normalizeEntry } from '../../src/core/normalize.ts'
import type { Rule } from '../../src/core/rule.ts'
import { openEnrichment } from '../../src/enrich/geo.ts'
import { silentLog } from '../../src/observe/log.ts'
import { loadRuleSet } from '../../src/ruleset.ts'
import { CONTRACT, handClock, START_MS } from './harness.ts'

export type RaisedAlert = { readonly rule: Rule; readonly group: string; readonly piece: Piece }

const { ruleSet } = await loadRuleSet({
  folders: [fileURLToPath(new URL('../../rules', import.meta.url))],
  schedules: new Map(),
})
const { lookUp } = await openEnrichment({
  country: 'builtin',
  asn: 'builtin',
  clock: handClock(),
  log: silentLog,
})

/** Alerts of all active rules over these entries, whatever their order; silence is not judged. */
export function alertsOf(entries: readonly unknown[]): readonly RaisedAlert[] {
  const calendar = createCalendar('UTC')
  const context = { contract: CONTRACT, readTimeMs: START_MS, calendar, lookUp }
  const events = entries.flatMap((entry) => normalizeEntry(entry, context).event ?? [])
  const active = ruleSet.all.filter(({ status }) => status === 'active')
  return active.flatMap((rule) =>
    [...groupsOf(rule, events)].flatMap(([group, members]) =>
      uniteExtents(derive(rule.detect, members, { settleMs: 0, gaps: [] }), rule.alert.quietMs).map(
        (piece) => ({ rule, group, piece }),
      ),
    ),
  )
}

function groupsOf(rule: Rule, events: readonly Event[]): ReadonlyMap<string, readonly Member[]> {
  const matcher = createMatcher([rule], ruleSet)
  const steps = rule.detect?.kind === 'sequence' ? rule.detect.steps : []
  const stepRules = steps.map((step) => ({
    id: step.name,
    conditions: step.conditions,
    exceptions: [],
  }))
  const stepMatcher = createMatcher(stepRules, ruleSet)
  const checks = stepRules.map((step) => (event: Event) => stepMatcher.matchOne(step, event))
  const groups = new Map<string, Member[]>()
  for (const event of events) {
    if (matcher.match(event).length === 0) continue
    const membership = memberOf(event, rule.detect, checks)
    if (membership.kind === 'none') continue
    const values = rule.alert.groupBy.map((name) => factValue(event, name) ?? 'unknown')
    const group = JSON.stringify(rule.detect === undefined ? values : membership.group)
    const members = groups.get(group)
    if (members === undefined) groups.set(group, [membership.member])
    else members.push(membership.member)
  }
  return groups
}
