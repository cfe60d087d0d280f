// Owns noticing that rules have changed. It asks instead of being told: file events get lost on
// network and container mounts, where rules often lie. What a change leads to is its caller's.
import type { Clock } from './core/clock.ts'
import { readRuleFiles, RuleFolderError, type RuleFiles, stampRuleFiles } from './ruleset-files.ts'

/** How often is asked. A change counts when it has held for two rounds, so after 2 to 4 s. */
const INTERVAL_MS = 2_000
/** More files are asked about less often: each costs a call of the system. */
const FILES_PER_INTERVAL = 200

export type RuleSetWatch = {
  readonly folders: readonly string[]
  /** Version of the set that is in use. */
  readonly version: string
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Told of each new content; the next round waits for it. */
  readonly onChange: (files: RuleFiles) => Promise<void> | void
  /** The folders can't be read now: what is in use should stay. Told once until they can again. */
  readonly onError: (error: RuleFolderError) => void
}

/**
 * Watches until the signal aborts. Half-written files are waited for, and touching a file without
 * changing it is no change. Rejects with what `onChange` throws.
 */
export async function watchRuleSet(watch: RuleSetWatch): Promise<void> {
  const { clock, signal } = watch
  let { version } = watch
  let read = ''
  let before = ''
  let isReadable = true
  let intervals = 1
  for (;;) {
    await clock.sleep(INTERVAL_MS * intervals, signal)
    if (signal.aborted) return
    try {
      const { stamp, files: count } = await stampRuleFiles(watch.folders)
      intervals = Math.max(1, Math.ceil(count / FILES_PER_INTERVAL))
      isReadable = true
      const isSettled = stamp === before
      before = stamp
      if (stamp === read || !isSettled) continue
      const files = await readRuleFiles(watch.folders)
      read = stamp
      if (files.version === version) continue
      version = files.version
      await watch.onChange(files)
    } catch (error) {
      if (!(error instanceof RuleFolderError)) throw error
      if (isReadable) watch.onError(error)
      isReadable = false
    }
  }
}
