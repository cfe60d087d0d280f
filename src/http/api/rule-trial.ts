// Owns the routes of the playground: a rule and an entry in, the verdict out; a rule in, what it had
// raised of the kept events out. Nothing is stored.
import { z } from 'zod'
import type { Alert, Notification } from '../../core/alert.ts'
import type { Event } from '../../core/event.ts'
import type { Problem } from '../../core/problem.ts'
import { parseRule, type Rule } from '../../core/rule.ts'
import { isObject } from '../../core/shape.ts'
import { renderMail } from '../../notify/email-body.ts'
import { createMessage } from '../../notify/message.ts'
import { renderSlack } from '../../notify/slack-blocks.ts'
import { createTimeText } from '../../notify/time-text.ts'
import type { ContractStore } from '../../state/stores.ts'
import type { EventStore } from '../../state/view-stores.ts'
import type { RuleTestResult } from '../../rule-tests.ts'
import { createExplain } from '../../why.ts'
import { alertRowShape, isoTime, toRow, whyShape } from '../alert-view.ts'
import { factsOf, type Normalizing, toEvent } from '../event-view.ts'
import { HttpProblem } from '../problem.ts'
import { route, type Route } from '../route.ts'
import { testShape } from '../rule-view.ts'
import { problemShape, problemView, type RulesInUse, testView } from './rules.ts'

/** An event with when it was read, ms. */
export type TrialEvent = { readonly event: Event; readonly readAt: number }

export type TrialParts = Normalizing & {
  readonly rules: () => RulesInUse
  /** The alerts that the rule alone raises of these events. */
  readonly raise: (rule: Rule, events: readonly TrialEvent[]) => Promise<readonly Alert[]>
  readonly runTests: (rule: Rule) => Promise<readonly RuleTestResult[]>
  readonly events: EventStore
  readonly contracts: ContractStore
  readonly timezone: string
  readonly now: () => number
}

const WEEK_MS = 7 * 86_400_000
/** Events of one trial, and of one contract in it. */
const EVENTS_MAX = 10_000
const CONTRACTS_MAX = 200
const ALERTS_SHOWN_MAX = 100

const messageShape = z.object({
  slack: z.object({ text: z.string(), blocks: z.array(z.unknown()) }),
  mail: z.object({ subject: z.string(), text: z.string(), html: z.string() }),
})

export function trialRoutes(parts: TrialParts): readonly Route[] {
  let isTrying = false
  return [
    route({
      method: 'POST',
      path: '/api/rules/explain',
      role: 'viewer',
      summary: 'Whether a rule matches an entry: each condition, with what was found',
      about:
        'Windows are not part of the verdict. `message` is what people would get, where this one entry raises an alert.',
      body: z.strictObject({
        rule: z
          .union([z.string(), z.record(z.string(), z.unknown())])
          .describe('A rule, or the id of one.'),
        entry: z.record(z.string(), z.unknown()).describe('As the API gives it.'),
        contract: z.string().max(40).optional(),
      }),
      answer: z.object({
        problems: z.array(problemShape),
        verdict: z.boolean().optional(),
        why: whyShape.optional(),
        exceptions: z.array(whyShape).optional(),
        facts: z.record(z.string(), z.unknown()).optional(),
        message: messageShape.optional(),
      }),
      handle: async ({ body }) => {
        const { rule, problems } = readRule(body.rule, parts.rules())
        const found = problems.map(problemView)
        if (rule === undefined) return { body: { problems: found } }
        const readAt = parts.now()
        const event = toEvent({ entry: body.entry, readAt }, body.contract, parts)
        if (event === undefined) throw new HttpProblem('bad-request', '/body/entry: it is no entry')
        const explained = await createExplain(parts.rules().ruleSet)(rule, event)
        const [alert] = explained.verdict ? await parts.raise(rule, [{ event, readAt }]) : []
        return {
          body: {
            problems: found,
            verdict: explained.verdict,
            why: explained.why,
            exceptions: [...explained.exceptions],
            facts: factsOf(event),
            ...(alert !== undefined && { message: messageOf(alert, parts) }),
          },
        }
      },
    }),
    route({
      method: 'POST',
      path: '/api/rules/check',
      role: 'viewer',
      summary: 'What is wrong with a rule, and the results of the tests inside it',
      body: z.strictObject({ rule: z.record(z.string(), z.unknown()) }),
      answer: z.object({ problems: z.array(problemShape), tests: z.array(testShape) }),
      handle: async ({ body }) => {
        const { rule, problems } = readRule(body.rule, parts.rules())
        const tests = rule === undefined ? [] : (await parts.runTests(rule)).map(testView)
        return { body: { problems: problems.map(problemView), tests } }
      },
    }),
    route({
      method: 'POST',
      path: '/api/rules/try',
      role: 'viewer',
      summary: 'The alerts that a rule had raised of the events kept from the last 7 days',
      about: 'One trial at a time. For all entries of any time there is `tocsin backtest`.',
      body: z.strictObject({ rule: z.union([z.string(), z.record(z.string(), z.unknown())]) }),
      answer: z.object({
        problems: z.array(problemShape),
        events: z.number(),
        from: z.string().optional().describe('Time of the earliest event.'),
        count: z.number(),
        alerts: z.array(alertRowShape).describe(`The latest ${ALERTS_SHOWN_MAX}.`),
      }),
      handle: async ({ body }) => {
        const { rule, problems } = readRule(body.rule, parts.rules())
        if (rule === undefined) throw refusal(problems)
        if (isTrying) throw new HttpProblem('unavailable', 'another trial is running: try again')
        isTrying = true
        try {
          const events = await keptEvents(parts)
          const alerts = [...(await parts.raise(rule, events))].sort((a, b) => b.last - a.last)
          const first = events[0]?.event.time
          return {
            body: {
              problems: problems.map(problemView),
              events: events.length,
              ...(first !== undefined && { from: isoTime(first) }),
              count: alerts.length,
              alerts: alerts.slice(0, ALERTS_SHOWN_MAX).map(toRow),
            },
          }
        } finally {
          isTrying = false
        }
      },
    }),
  ]
}

/** Undefined, with what is wrong, when the rule could not be loaded either. */
function readRule(
  given: string | Readonly<Record<string, unknown>>,
  { ruleSet }: RulesInUse,
): { readonly rule: Rule | undefined; readonly problems: readonly Problem[] } {
  if (typeof given === 'string') {
    const rule = ruleSet.all.find(({ id }) => id === given)
    if (rule === undefined) throw new HttpProblem('not-found', 'no rule of this id is loaded')
    return { rule, problems: [] }
  }
  const problems: Problem[] = []
  const { lists, schedules, conditions } = ruleSet
  const context = { lists, schedules, sharedNames: new Set(conditions.keys()) }
  const rule = parseRule(given, context, (problem) => problems.push(problem))
  return { rule, problems }
}

function refusal(problems: readonly Problem[]): HttpProblem {
  const faults = problems.map(({ pointer, message }) => ({ pointer, message }))
  return new HttpProblem('bad-request', 'the rule has errors', faults)
}

/** The earliest first, as they happened. */
async function keptEvents(parts: TrialParts): Promise<readonly TrialEvent[]> {
  const { events, contracts, now } = parts
  const known = (await contracts.list()).slice(0, CONTRACTS_MAX)
  const limit = Math.ceil(EVENTS_MAX / Math.max(1, known.length))
  const found: TrialEvent[] = []
  for (const contract of known) {
    const stored = await events.latest(contract, { from: now() - WEEK_MS, limit })
    for (const { entry, readAt } of stored) {
      const event = isObject(entry) ? toEvent({ entry, readAt }, contract, parts) : undefined
      if (event !== undefined) found.push({ event, readAt })
    }
  }
  return found.sort((a, b) => (a.event.time ?? 0) - (b.event.time ?? 0))
}

function messageOf(alert: Alert, { timezone, now }: TrialParts) {
  const notification: Notification = {
    id: 'trial',
    receiver: 'trial',
    reason: 'first',
    sequence: 0,
    createdAt: Math.min(now(), alert.last),
    alert,
  }
  const message = createMessage(notification, createTimeText(timezone))
  const { text, blocks } = renderSlack(message)
  return { slack: { text, blocks: [...blocks] }, mail: { ...renderMail(message) } }
}
