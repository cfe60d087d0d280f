// Owns the step from the mark to detections: windows that waited for it are derived again, as if
// their events had come once more. What wakes it: queue/ and app.ts; silence itself: core/detection.
import type { RuleWindows, WindowBatch } from '../detect-windows.ts'
import type { Raised } from '../raise.ts'
import type { RuleSet } from '../ruleset.ts'
import type { DueWindow } from '../state/stores.ts'
import { floorMark, gapsAround, type TimeParts } from './detection-time.ts'
import { raiseWindows, type WindowParts } from './windows.ts'

/** Windows looked at in one go. */
const DUE_MAX = 200

/** Goes in one call: more waits for the next, so that a long outage holds nobody up. */
const ROUNDS_MAX = 50

/** Looks at every window of a contract that is due. Throws when a store does; safe to repeat. */
export async function raiseDue(
  contract: string,
  ruleSet: RuleSet,
  windowOf: RuleWindows,
  parts: WindowParts & TimeParts,
): Promise<Raised> {
  const alerts: Raised['alerts'][number][] = []
  const notifications: Raised['notifications'][number][] = []
  const markMs = await parts.marks.evaluated(contract)
  if (markMs === undefined) return { alerts, notifications }
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const due = await parts.windows.due(contract, markMs, DUE_MAX)
    if (due.length === 0) break
    const batches = due.map((one) => batchOf(contract, one, { ruleSet, windowOf, parts, markMs }))
    const known = batches.flatMap((batch) => batch ?? [])
    const times = known.map(({ added }) => added.from)
    const gaps = await gapsAround(contract, parts, { times, markMs })
    const floorMarkMs = floorMark(markMs, due[0]?.dueMs, parts.detection.settleMs)
    const time = { ...parts.detection, markMs, floorMarkMs, gaps }
    if (known.length > 0) {
      const raised = await raiseWindows(known, ruleSet.version, time, parts)
      alerts.push(...raised.alerts)
      notifications.push(...raised.notifications)
    }
    for (const [at, one] of due.entries()) {
      const uptoMs = batches[at]?.added.to ?? Infinity
      await parts.windows.finishDue(contract, { ...one, uptoMs, waitMs: markMs - uptoMs })
    }
  }
  return { alerts, notifications }
}

type About = { readonly rule: string; readonly values: WindowBatch['values'] }

/** Nothing when the rule is gone, or means something else by now. */
function batchOf(
  contract: string,
  { window, about, dueMs }: DueWindow,
  {
    ruleSet,
    windowOf,
    parts,
    markMs,
  }: { ruleSet: RuleSet; windowOf: RuleWindows; parts: TimeParts; markMs: number },
): WindowBatch | undefined {
  if (about === '') return undefined
  const { rule: id, values } = JSON.parse(about) as About
  const rule = ruleSet.rules.find((one) => one.id === id)
  if (rule?.detect === undefined) return undefined
  const kind = windowOf(rule)
  const keys = kind.keysOf(contract, values)
  if (keys.window !== window) return undefined
  const waitMs = kind.reachMs + parts.detection.settleMs
  const added = { from: Math.min(dueMs, markMs) - waitMs, to: markMs - waitMs }
  return { contract, kind, ...keys, values, members: [], events: new Map(), added }
}
