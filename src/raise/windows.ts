// Owns the step from windows to stored alerts: add and ask, derive, commit if nobody was faster, else
// again. One round trip for all windows of a batch, and one for all commits.
import type { AlertChange } from '../core/alert-group.ts'
import { applyPieces, type ShownEvent } from '../core/alert-pieces.ts'
import type { DeriveContext } from '../core/detection/extent.ts'
import type { Member } from '../core/detection/member.ts'
import { rederive, type Rederived } from '../core/detection/rederive.ts'
import { readExtent, type StoredExtent, writeExtent } from '../core/detection/stored-extent.ts'
import type { Event } from '../core/event.ts'
import { valueText } from '../core/fact-value.ts'
import type { WindowBatch } from '../detect-windows.ts'
import type { Raised, RaiseParts } from '../raise.ts'
import type { GroupCommit, WindowAnswer, WindowStore } from '../state/stores.ts'
import { addWhy, type AlertGroup, blankAlert, describeAlert } from './open-alert.ts'
import { endReturned, type ReturnParts } from './returned.ts'
import { reportStored, tellChange } from './tell.ts'
import { type DetectionTime, floorOf, membersOf, questionOf } from './window-question.ts'

/** Tries before a batch fails and its job is repeated: groups changed by others in between. */
const COMMIT_TRIES_MAX = 50

export type WindowParts = RaiseParts & ReturnParts & { readonly windows: WindowStore }

type Asked = { readonly batch: WindowBatch; readonly answer: WindowAnswer }

type Plan = {
  readonly asked: readonly Asked[]
  readonly changes: readonly AlertChange[]
  readonly detections: number
  readonly commit: GroupCommit
}

/** Stores what a batch changes; windows are of one contract. Throws when a store does. */
export async function raiseWindows(
  batches: readonly WindowBatch[],
  ruleSetVersion: string,
  time: DetectionTime,
  parts: WindowParts,
): Promise<Raised> {
  const done: Plan[] = []
  let open = batches
  for (let attempt = 0; open.length > 0; attempt += 1) {
    if (attempt === COMMIT_TRIES_MAX) throw new Error('windows kept changing under the batch')
    const { plans, conflicts } = await raiseOnce(open, ruleSetVersion, time, parts)
    done.push(...plans)
    open = conflicts
  }
  for (const { asked, detections, changes } of done) {
    const rule = asked[0]?.batch.kind.rule
    if (rule !== undefined) reportStored(rule, detections, changes, parts)
  }
  await endReturned(batches, parts)
  return {
    alerts: done.flatMap(({ changes }) => changes.map(({ after }) => after)),
    notifications: done.flatMap(({ commit }) => commit.notifications),
  }
}

async function raiseOnce(
  batches: readonly WindowBatch[],
  ruleSetVersion: string,
  time: DetectionTime,
  parts: WindowParts,
): Promise<{ plans: readonly Plan[]; conflicts: readonly WindowBatch[] }> {
  const contract = (batches[0] as WindowBatch).contract
  const questions = batches.map((batch) => questionOf(batch, time))
  const answers = await parts.windows.ask(contract, questions)
  const groups = new Map<string, Asked[]>()
  for (const [at, batch] of batches.entries()) {
    const answer = answers[at]
    if (answer === undefined) continue
    const asked = groups.get(batch.group)
    if (asked === undefined) groups.set(batch.group, [{ batch, answer }])
    else asked.push({ batch, answer })
  }
  const planned: Plan[] = []
  const conflicts: WindowBatch[] = []
  for (const asked of groups.values()) {
    const versions = new Set(asked.map(({ answer }) => answer.version))
    // Somebody changed the group between the questions about its windows.
    if (versions.size > 1) conflicts.push(...asked.map(({ batch }) => batch))
    else {
      const found = await plan(asked, time, { ...parts, ruleSetVersion })
      if (found !== undefined) planned.push(found)
    }
  }
  if (planned.length === 0) return { plans: [], conflicts }
  const results = await parts.alerts.commit(
    contract,
    planned.map(({ commit }) => commit),
  )
  const lost = planned.filter((_, at) => results[at] === 'conflict')
  return {
    plans: planned.filter((_, at) => results[at] === 'committed'),
    conflicts: [...conflicts, ...lost.flatMap(({ asked }) => asked.map(({ batch }) => batch))],
  }
}

/** What one alert group becomes; undefined when nothing of it changes. */
async function plan(
  asked: readonly Asked[],
  time: DetectionTime,
  parts: WindowParts & { readonly ruleSetVersion: string },
): Promise<Plan | undefined> {
  const [{ batch, answer }] = asked as readonly [Asked]
  const { rule } = batch.kind
  const extents = new Map<string, StoredExtent>()
  for (const one of asked)
    for (const text of one.answer.extents) extents.set(text, readExtent(text))
  const stored = [...extents.values()]
  const derived = asked.map((one) => deriveAgain(one, stored, time))
  const removed = derived.flatMap((one) => one.removed.map(writeExtent))
  const added = derived.flatMap((one) => one.added)
  if (removed.length === 0 && added.length === 0) return undefined
  for (const text of removed) extents.delete(text)
  for (const extent of added) extents.set(writeExtent(extent), extent)
  const numbers = [...(await parts.numbers.take(added.length + removed.length + 1))]
  const near = new Map(asked.flatMap((one) => one.answer.alerts).map((alert) => [alert.id, alert]))
  const group = alertGroupOf(batch, parts.ruleSetVersion)
  const wasRead = new Set(derived.flatMap((one) => one.read))
  const changed = applyPieces([...near.values()], [...extents.values()], {
    quietMs: rule.alert.quietMs,
    severity: rule.severity,
    severitySteps: rule.alert.severity,
    cuts: answer.cuts,
    liveFromMs: parts.liveFromMs,
    open: (span) => ({ ...blankAlert(group, numbers.shift()), ...span }),
    describe: (alert) => describeAlert(rule, alert),
    groupFacts: new Map(group.fields.map(({ name, value }) => [name, value])),
    fields: rule.alert.fields,
    names: rule.alert.names,
    evidence: asked.flatMap((one, at) => shownEvents(one.batch, derived[at]?.evidence ?? [])),
    wasRead: (id) => wasRead.has(id),
    atLeast: asked.some((one) => one.answer.atLeast),
  })
  parts.numbers.giveBack(numbers)
  const events = eventsOf(asked)
  const explained = await Promise.all(changed.map((change) => addWhy(change, rule, events, parts)))
  const at = parts.clock.now()
  const tell = await parts.teller(at)
  const told = explained.map((change) => tellChange(change, rule, tell, parts))
  const changes = told.map(({ change }) => change)
  const commit: GroupCommit = {
    key: batch.group,
    version: answer.version,
    at,
    events: [],
    alerts: changes.map(({ after }) => after),
    notifications: told.flatMap(({ notifications }) => notifications),
    extents: {
      removed,
      added: added.map((extent) => ({ last: extent.last, text: writeExtent(extent) })),
    },
    trims: derived.flatMap(({ trim }) => trim),
  }
  return { asked, changes, detections: added.length, commit }
}

type Derived = Rederived & {
  /** Ids of the members that were read. */
  readonly read: readonly string[]
  readonly trim: readonly { readonly window: string; readonly belowMs: number }[]
}

function deriveAgain(
  { batch, answer }: Asked,
  stored: readonly StoredExtent[],
  time: DetectionTime,
): Derived {
  const { kind, window, added } = batch
  const { first, cuts, bins } = answer
  const { settleMs, gaps, markMs } = time
  const around = kind.around(added, first ?? Infinity)
  const context: DeriveContext = {
    settleMs,
    gaps,
    ...(markMs !== undefined && { markMs }),
    ...(first !== undefined && { groupFirst: first }),
  }
  const members = membersOf(answer)
  const isWhole = around.replace.from === -Infinity
  const floorMs = kind.shape === 'events' ? floorOf(batch, time) : undefined
  const state = {
    window,
    members,
    stored,
    cuts,
    floorMs,
    ...(bins !== undefined && { bins }),
    ...(kind.shape === 'sessions' && !isWhole && { values: valuesOf(batch) }),
  }
  const derived = rederive(kind.detect, around, state, context)
  const isSealed = derived.added.some((extent) => extent.window !== window)
  return {
    ...derived,
    read: members.map(({ id }) => id),
    trim: isSealed && floorMs !== undefined ? [{ window, belowMs: floorMs }] : [],
  }
}

function valuesOf({ members }: WindowBatch): ReadonlySet<string> {
  return new Set(members.map(({ value = '' }) => value))
}

function alertGroupOf(batch: WindowBatch, ruleSetVersion: string): AlertGroup {
  const { kind, contract, group, values } = batch
  const { rule } = kind
  const shared = kind.alertGroupOf(contract, values)
  const fields = rule.alert.groupBy.map((name, at) => ({ name, value: valueText(shared[at]) }))
  return { contract, rule, key: group, fields, ruleSetVersion }
}

function shownEvents(batch: WindowBatch, members: readonly Member[]): readonly ShownEvent[] {
  const { kind, contract, values } = batch
  return members.map(({ id, time, card }) => {
    const facts = new Map([['contract', contract], ...kind.cards.read(card, values)])
    return { id, time, facts }
  })
}

function eventsOf(asked: readonly Asked[]): ReadonlyMap<string, Event> {
  const all = new Set(asked.map(({ batch }) => batch.events))
  const [only] = all
  if (only !== undefined && all.size === 1) return only
  return new Map([...all].flatMap((events) => [...events]))
}
