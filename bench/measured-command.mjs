// Owns running one command in a process of its own and telling what it took: time, processor time of
// all threads, and the most memory. Started by measureCommand.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const SELF = fileURLToPath(import.meta.url)

/** Runs `tocsin …args` and gives its seconds, its processor seconds and its most memory in MB. */
export function measureCommand(args, { stdout = 'ignore' } = {}) {
  return new Promise((resolve, reject) => {
    const child = fork(SELF, args, { stdio: ['ignore', stdout, 'ignore', 'ipc'] })
    let told
    child.once('message', (message) => {
      told = message
    })
    child.once('close', (code) => {
      if (told === undefined || told.code !== 0) reject(new Error(`${args[0]} ended with ${code}`))
      else resolve(told)
    })
  })
}

async function runAndTell(args) {
  const start = performance.now()
  const { run } = await import('../dist/main.js')
  const code = await run(args)
  const seconds = (performance.now() - start) / 1_000
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  const cpuSeconds = (userCPUTime + systemCPUTime) / 1_000_000
  process.send({ code, seconds, cpuSeconds, megabytes: maxRSS / 1_000 })
  process.disconnect()
}

if (process.argv[1] === SELF && process.send !== undefined) await runAndTell(process.argv.slice(2))
