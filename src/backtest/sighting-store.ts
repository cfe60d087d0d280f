// Owns all sightings of a backtest, in memory while they fit: one table, and behind it levels of
// files. Gives them back in tables of which no two have an event in common.
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createSightingFiles, LEVELS_MAX, PARTS, type SightingFiles } from './sighting-files.ts'
import { createSightings, type Sighting, type Sightings } from './sightings.ts'

export type SightingStore = {
  /** Throws what the file system throws. */
  readonly add: (sighting: Sighting) => void
  /**
   * Gives everything, table by table; each holds only during the call. The store is empty then.
   * Throws the signal's reason when it aborts.
   */
  drain(take: (sightings: Sightings) => void, signal: AbortSignal): Promise<void>
  close(): void
}

/** `folder` gives a folder for files, when one is needed. */
export function createSightingStore(folder: () => string, slotsMax?: number): SightingStore {
  const sightings = createSightings(slotsMax)
  const open = new Map<number, SightingFiles>()

  const openFiles = (level: number): SightingFiles => {
    // Events of one hash can't be told apart by any more files.
    if (level >= LEVELS_MAX) throw new RangeError('the sightings of one event fill the memory')
    const files = createSightingFiles(join(folder(), `level-${level}`), level)
    open.set(level, files)
    return files
  }

  /** Adds to memory; when that is full, everything goes into the files of a level. */
  const addAt = (level: number, { high, low, place, time }: Sighting): void => {
    if (sightings.add(high, low, place, time)) return
    const files = open.get(level) ?? openFiles(level)
    sightings.each(files.add)
    sightings.clear()
    sightings.add(high, low, place, time)
  }

  const drainAt = async (
    level: number,
    take: (sightings: Sightings) => void,
    signal: AbortSignal,
  ): Promise<void> => {
    const files = open.get(level)
    if (files === undefined) {
      take(sightings)
      sightings.clear()
      return
    }
    sightings.each(files.add)
    sightings.clear()
    for (let part = 0; part < PARTS; part += 1) {
      // Signals and timers get their turn.
      await nextTurn()
      signal.throwIfAborted()
      files.take(part, (sighting) => addAt(level + 1, sighting))
      await drainAt(level + 1, take, signal)
    }
    files.close()
    open.delete(level)
  }

  return {
    add: (sighting) => addAt(0, sighting),
    drain: (take, signal) => drainAt(0, take, signal),
    close() {
      for (const files of open.values()) files.close()
      open.clear()
    },
  }
}
