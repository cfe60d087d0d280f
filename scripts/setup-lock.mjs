// Owns that only one set-up at a time changes a clone: `npm start` beside `npm test`, say.
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { SetupError } from './setup-error.mjs'

const POLL_MS = 200
/** Longer than any step of set-up: whoever holds the lock for longer has died. */
const HELD_MAX_MS = 20 * 60_000
/** A lock without a number in it is being written right now, or its writer died in between. */
const UNWRITTEN_MAX_MS = 5_000

/** Runs `work` while no other set-up holds the lock file. */
export async function withSetupLock(path, { work, report }) {
  mkdirSync(dirname(path), { recursive: true })
  const deadline = Date.now() + HELD_MAX_MS
  let told = false
  while (!take(path)) {
    if (isStale(path)) {
      rmSync(path, { force: true })
      continue
    }
    if (Date.now() > deadline) throw new SetupError('another set-up does not end', `remove ${path}`)
    if (!told) report('waiting for another set-up')
    told = true
    await new Promise((wake) => setTimeout(wake, POLL_MS))
  }
  try {
    return await work()
  } finally {
    rmSync(path, { force: true })
  }
}

function take(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

function isStale(path) {
  try {
    const age = Date.now() - statSync(path).mtimeMs
    const holder = Number(readFileSync(path, 'utf8'))
    if (!(holder > 0)) return age > UNWRITTEN_MAX_MS
    return age > HELD_MAX_MS || !isAlive(holder)
  } catch {
    return false // It was released meanwhile.
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
