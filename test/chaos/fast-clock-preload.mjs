// Owns the start of a process in a chaos run: `node --import` loads it before the service. It puts the
// fast clock in its place, and tells on SIGUSR2 how much memory is in use after a collection.
import { writeFileSync } from 'node:fs'
import { register } from 'node:module'

register('./fast-clock-hooks.mjs', import.meta.url)

const { memoryFile } = JSON.parse(process.env.CHAOS_CLOCK)
process.on('SIGUSR2', () => {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  writeFileSync(memoryFile, String(heapUsed + external))
})
