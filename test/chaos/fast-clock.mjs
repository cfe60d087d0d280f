// Owns the clock of the service's processes in a chaos run, in the place of dist/clock.js: time runs
// faster, and can be set by a file from outside. It changes nothing else: sockets, Redis and BullMQ
// keep real time.
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

const { realMs, simulatedMs, speed, file } = JSON.parse(process.env.CHAOS_CLOCK)
/** How often the file is looked at that says how wrong the clock is. */
const LOOK_MS = 100
/** Loops that look every second must not become loops that never rest. */
const SLEEP_MS_MIN = 10

let wrongMs = 0
const look = () => {
  try {
    wrongMs = Number(readFileSync(file, 'utf8')) || 0
  } catch {
    wrongMs = 0
  }
}
look()
setInterval(look, LOOK_MS).unref()

export const systemClock = {
  now: () => Math.floor(simulatedMs + (Date.now() - realMs) * speed + wrongMs),
  async sleep(ms, signal) {
    try {
      const waitMs = ms <= 0 ? 0 : Math.max(ms / speed, SLEEP_MS_MIN)
      await delay(waitMs, undefined, signal === undefined ? undefined : { signal })
    } catch (error) {
      if (!signal?.aborted) throw error
    }
  },
}

export function stopwatch() {
  return performance.now() / 1_000
}
