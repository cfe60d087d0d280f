// Owns the end of absences: an alert that something was not heard is over when it is heard again. It
// follows from the events alone, so it may be asked after every change of a window, and again.
import { turnAlert } from '../alert-actions.ts'
import type { Clock } from '../core/clock.ts'
import type { WindowBatch } from '../detect-windows.ts'
import type { Log } from '../observe/log.ts'
import type { AlertActionStore, WindowStore } from '../state/stores.ts'
import type { Teller } from '../teller.ts'

export type ReturnParts = {
  readonly windows: WindowStore
  /** Absent where nobody acts on alerts: in tests of rules. */
  readonly actions?: AlertActionStore
  readonly teller: Teller
  readonly announce: (contract: string) => void
  readonly clock: Clock
  readonly log: Log
}

/** Resolves alerts of absences whose group was heard after them, as `returned`. */
export async function endReturned(
  batches: readonly WindowBatch[],
  parts: ReturnParts,
): Promise<void> {
  const { actions } = parts
  const heard = batches.filter(({ kind }) => isHeard(kind.rule))
  const [first] = heard
  if (first === undefined || actions === undefined) return
  const { contract } = first
  const newest = await parts.windows.newest(
    contract,
    heard.map(({ window }) => window),
  )
  await Promise.all(
    heard.map(async ({ group }, at) => {
      const { alerts } = await actions.group(contract, group)
      const over = alerts.filter(
        ({ state, last }) => state !== 'resolved' && last < (newest[at] ?? -Infinity),
      )
      for (const { id } of over) {
        const action = { kind: 'end', reason: 'returned' } as const
        const actor = { by: 'system', from: 'system' } as const
        await turnAlert({ contract, id, action, actor }, { ...parts, actions })
      }
    }),
  )
}

/** Where an alert stands for several groups, one of them that is heard again does not end it. */
function isHeard({ detect, alert }: WindowBatch['kind']['rule']): boolean {
  if (detect?.kind !== 'absence') return false
  return detect.groupBy.every((name) => alert.groupBy.includes(name))
}
