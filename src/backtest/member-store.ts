// Owns all members of all windows, in memory while they fit, and gives them back in order, each
// once. How they are held: members.ts and member-runs.ts.
import { join } from 'node:path'
import { createMemberRuns, type MemberRuns } from './member-runs.ts'
import { createMembers, type MemberRecord } from './members.ts'

export type MemberStore = {
  /** Throws what the file system throws. */
  readonly add: (record: Readonly<MemberRecord>) => void
  /**
   * Gives all members by window, time and event, copies once; each object holds only during the
   * call. The store is empty then. Throws the signal's reason when it aborts.
   */
  drain(visit: (record: Readonly<MemberRecord>) => void, signal: AbortSignal): Promise<void>
  close(): void
}

/** `folder` gives a folder for the file `name`, when one is needed. */
export function createMemberStore(
  folder: () => string,
  name: string,
  membersMax?: number,
): MemberStore {
  const members = createMembers(membersMax)
  let runs: MemberRuns | undefined

  const spill = (): void => {
    runs ??= createMemberRuns(join(folder(), name))
    runs.startRun()
    members.each(onlyOnce(runs.write))
    members.clear()
  }

  const close = (): void => {
    runs?.close()
    runs = undefined
  }

  return {
    add(record) {
      if (members.add(record)) return
      spill()
      members.add(record)
    },
    async drain(visit, signal) {
      signal.throwIfAborted()
      if (runs === undefined) members.each(onlyOnce(visit))
      else {
        spill()
        await runs.merge(onlyOnce(visit), signal)
      }
      members.clear()
      close()
    },
    close,
  }
}

/** Leaves out copies of an event in its window; they are neighbours. */
function onlyOnce(
  visit: (record: Readonly<MemberRecord>) => void,
): (record: Readonly<MemberRecord>) => void {
  let place = -1
  let high = 0
  let low = 0
  let time = 0
  return (record) => {
    const isCopy = record.high === high && record.low === low && record.time === time
    if (isCopy && record.place === place) return
    place = record.place
    high = record.high
    low = record.low
    time = record.time
    visit(record)
  }
}
