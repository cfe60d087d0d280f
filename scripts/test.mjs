// Owns `npm test`: set-up, then every test, then one line that says how many passed and failed.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setUpOrExit } from './setup.mjs'

const PROJECT = fileURLToPath(new URL('..', import.meta.url))

// Tests start a Redis of their own: one at REDIS_URL may hold what somebody needs.
await setUpOrExit({ needsServer: true })
const folder = mkdtempSync(join(tmpdir(), 'tocsin-counts-'))
const countsPath = join(folder, 'counts.json')
const code = await runVitest(process.argv.slice(2))
const { passed, failed } = readCounts()
rmSync(folder, { recursive: true, force: true })
// vitest can fail without a failed test: when it crashes, or finds no test at all.
const failures = code === 0 ? failed : Math.max(1, failed)
console.log(`${passed} passed, ${failures} failed`)
process.exitCode = failures === 0 ? 0 : 1

/** Resolves with the exit code; a signal counts as 1. */
function runVitest(args) {
  const vitest = join(PROJECT, 'node_modules', 'vitest', 'vitest.mjs')
  const counter = join(PROJECT, 'scripts', 'count-reporter.mjs')
  const reporters = ['--reporter=default', `--reporter=${counter}`]
  const child = spawn(process.execPath, [vitest, 'run', ...reporters, ...args], {
    cwd: PROJECT,
    env: { ...process.env, TOCSIN_TEST_COUNTS: countsPath },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  // A terminal sends Ctrl-C to vitest itself; we stay to tell the counts.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  return new Promise((resolve) => {
    child.once('error', (error) => {
      console.error(error.message)
      resolve(1)
    })
    child.once('close', (exitCode) => resolve(exitCode ?? 1))
  })
}

function readCounts() {
  try {
    return JSON.parse(readFileSync(countsPath, 'utf8'))
  } catch {
    return { passed: 0, failed: 1 }
  }
}
