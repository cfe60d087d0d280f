// Owns how a simulated month is judged: the alerts of its ordinary days, and which stories of attack
// are found by what and when. By the service's own parts: matcher, derivations and pieces of dist/.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { openEnrichment } from '../dist/enrich/geo.js'
import { derive } from '../dist/core/detection/registry.js'
import { memberOf } from '../dist/core/detection/member.js'
import { uniteExtents } from '../dist/core/detection/pieces.js'
import { factValue } from '../dist/core/fact-value.js'
import { createMatcher } from '../dist/core/match.js'
import { normalizeEntry } from '../dist/core/normalize.js'
import { loadRuleSet } from '../dist/ruleset.js'
import { BUCKET_MS, createGenerator } from '../dist/simulator/generator.js'
import { parseScenario } from '../dist/simulator/scenario-file.js'

const SCENARIO = fileURLToPath(new URL('../scenarios/ordinary-month.json', import.meta.url))
const DAY_MS = 86_400_000
/** A Monday. What lies before teaches what is usual. */
export const START_MS = Date.parse('2026-06-01T00:00:00+02:00')
export const DAYS = 30
const SETTLE_MS = 900_000
const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, fatal() {} }

/** `month(seed)` judges one month. */
export async function openJudge({ rules }) {
  const { ruleSet, problems } = await loadRuleSet({ folders: [rules], schedules: new Map() })
  const errors = problems.filter(({ level }) => level === 'error')
  if (errors.length > 0) throw new Error(JSON.stringify(errors))
  const { scenario } = parseScenario(readFileSync(SCENARIO, 'utf8'))
  const clock = { now: () => START_MS, sleep: async () => {} }
  const enrichment = await openEnrichment({
    country: 'builtin',
    asn: 'builtin',
    clock,
    log: SILENT,
  })
  const judged = ruleSet.all.filter(({ status }) => status !== 'disabled')
  const windows = new Map(judged.map((rule) => [rule.id, stepChecksOf(rule, ruleSet)]))
  const matcher = createMatcher(judged, ruleSet)
  const setting = { scenario, matcher, windows, lookUp: enrichment.lookUp }
  return { month: (seed) => judgeMonth(seed, setting) }
}

/** A check for each step of a sequence. */
function stepChecksOf({ detect }, ruleSet) {
  if (detect?.kind !== 'sequence') return []
  const steps = detect.steps.map(({ conditions }, at) => ({
    id: `${at}`,
    conditions,
    exceptions: [],
  }))
  const matcher = createMatcher(steps, ruleSet)
  return steps.map((step) => (event) => matcher.matchOne(step, event))
}

function judgeMonth(seed, setting) {
  const { groups, stories, entries } = gather(seed, setting)
  const alerts = []
  const found = new Map([...stories.keys()].map((name) => [name, []]))
  for (const group of groups.values()) {
    const ordinary = piecesOf(
      group,
      group.members.filter(({ story }) => story === undefined),
    )
    for (const piece of ordinary) {
      if (piece.last >= START_MS) alerts.push(alertOf(group.rule, piece))
    }
    // Silence has no events that could belong to a story.
    if (group.rule.detect?.kind === 'absence') continue
    for (const story of new Set(group.members.map((member) => member.story))) {
      if (story === undefined) continue
      const finding = findStory(group, story, ordinary)
      if (finding !== undefined) found.get(story).push(finding)
    }
  }
  return {
    seed,
    entries,
    noise: countNoise(alerts),
    stories: [...stories].map(([name, { first, last }]) => ({
      name,
      minutes: minutes(last - first),
      findings: found
        .get(name)
        .map(({ atMs, ...finding }) => ({ ...finding, afterMinutes: minutes(atMs - first) }))
        .sort((a, b) => a.afterMinutes - b.afterMinutes || (a.rule < b.rule ? -1 : 1)),
    })),
  }
}

/** Reads the whole log once: matching events as members of their groups, stories with their span. */
function gather(seed, { scenario, matcher, windows, lookUp }) {
  const generator = createGenerator({ scenario, seed, startTimeMs: START_MS, speed: 1 })
  const contract = scenario.contracts[0]
  const context = {
    contract: contract.number,
    readTimeMs: START_MS,
    calendar: scenario.calendar,
    lookUp,
  }
  const prefixes = contract.attacks.map(({ name }) => [name, `${contract.number}.${name}.`])
  const groups = new Map()
  const stories = new Map()
  let entries = 0
  const first = Math.floor((START_MS - scenario.historyMs) / BUCKET_MS)
  const end = Math.ceil((START_MS + DAYS * DAY_MS) / BUCKET_MS)
  for (let bucket = first; bucket < end; bucket += 1) {
    for (const { key, timeMs, source } of generator.entriesOf(contract, bucket)) {
      entries += 1
      const story = prefixes.find(([, prefix]) => key.startsWith(prefix))?.[0]
      const { event } = normalizeEntry(source, context)
      if (story !== undefined) {
        const span = stories.get(story) ?? { first: timeMs, last: timeMs }
        stories.set(story, { first: span.first, last: Math.max(span.last, timeMs) })
      }
      for (const rule of matcher.match(event)) {
        const membership = memberOf(event, rule.detect, windows.get(rule.id))
        if (membership.kind === 'none') continue
        const alertGroup =
          rule.detect === undefined
            ? rule.alert.groupBy.map((name) => factValue(event, name) ?? 'unknown')
            : membership.group
        const name = JSON.stringify([rule.id, alertGroup])
        const group = groups.get(name) ?? { rule, members: [] }
        groups.set(name, group)
        group.members.push(
          story === undefined ? membership.member : { ...membership.member, story },
        )
      }
    }
  }
  return { groups, stories, entries }
}

const MARK_MS = START_MS + DAYS * DAY_MS

function piecesOf({ rule }, members) {
  const context = { markMs: MARK_MS, settleMs: SETTLE_MS, gaps: [] }
  return uniteExtents(derive(rule.detect, members, context), rule.alert.quietMs)
}

/** What a story does to a group that its ordinary members don't, and when that shows first. */
function findStory(group, story, ordinary) {
  const isNew = (piece) =>
    piece.evidence.some((member) => member.story === story) &&
    !ordinary.some(({ first, last }) => first <= piece.last && last >= piece.first)
  const members = group.members.filter(
    (member) => member.story === undefined || member.story === story,
  )
  const whole = piecesOf(group, members).find(isNew)
  if (whole === undefined) return undefined
  const times = members.filter((member) => member.story === story).map(({ time }) => time)
  const atMs = times.find((time) =>
    piecesOf(
      group,
      members.filter((member) => member.time <= time),
    ).some(isNew),
  )
  const { rule } = group
  return {
    rule: rule.id,
    status: rule.status,
    severity: severityOf(rule, whole.count),
    atMs: atMs ?? whole.last,
  }
}

function alertOf(rule, { first, count }) {
  return { rule: rule.id, status: rule.status, severity: severityOf(rule, count), first }
}

const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical']

function severityOf({ severity, alert }, count) {
  const steps = alert.severity.filter((step) => count >= step.count).map((step) => step.severity)
  const ranks = [severity, ...steps].map((name) => SEVERITIES.indexOf(name))
  return SEVERITIES[Math.max(...ranks)]
}

/** Alerts by rule and severity, of active rules and of staged ones. */
function countNoise(alerts) {
  const counts = {}
  for (const { rule, status, severity } of alerts) {
    const key = `${rule} ${status} ${severity}`
    counts[key] = (counts[key] ?? 0) + 1
  }
  return Object.entries(counts)
    .map(([key, count]) => {
      const [rule, status, severity] = key.split(' ')
      return { rule, status, severity, count }
    })
    .sort(
      (a, b) =>
        SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) ||
        b.count - a.count ||
        (a.rule < b.rule ? -1 : 1),
    )
}

function minutes(ms) {
  return Math.round(ms / 6_000) / 10
}
