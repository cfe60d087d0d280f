// Owns what fault tests share: the service as a process of its own, the servers around it, and a
// watch on the Redis processes of its data folder. Everything is on this machine.
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'

export const ROOT = resolve(import.meta.dirname, '../..')
export const REPEAT_MARK = /repeat/i

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms))

/** A small generator of chances, so that a run can be repeated by its seed. */
export function createChance(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A Slack that keeps what it is sent. */
export async function openSlack() {
  const messages = []
  const server = createServer((request, response) => {
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      messages.push(Buffer.concat(chunks).toString('utf8'))
      response.end('ok')
    })
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${server.address().port}/services/x`
  return {
    url,
    messages,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** A mail server that keeps what it is sent: `{ text, messageId }`, and answers after `delayMs`. */
export async function openMail(delayMs = 0) {
  const mails = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, _session, done) {
      simpleParser(stream).then((mail) => {
        mails.push({ text: `${mail.subject}\n${mail.text}`, messageId: mail.messageId })
        if (delayMs > 0) setTimeout(done, delayMs)
        else done()
      }, done)
    },
  })
  server.on('error', () => {})
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `smtp://127.0.0.1:${server.server.address().port}`,
    mails,
    close: () => server.close(),
  }
}

export function openDataFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-chaos-'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Starts `npm start` (or a command of Tocsin) in a process group of its own. */
export function startService({ env, args = ['npm', 'start', '--silent'], onLine = () => {} }) {
  const [command, ...rest] = args
  const child = spawn(command, rest, {
    cwd: ROOT,
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  createInterface({ input: child.stderr }).on('line', onLine)
  const ended = new Promise((done) => child.on('exit', (code, signal) => done({ code, signal })))
  return {
    pid: child.pid,
    ended,
    /** The process that is the service itself, below npm and its shell. */
    servicePid: () => deepestChild(child.pid),
    kill(signal) {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, signal)
      } catch {}
    },
  }
}

function deepestChild(pid) {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
    const first = Number(children[0])
    const isRedis = first > 0 && /redis|valkey/.test(readFileSync(`/proc/${first}/cmdline`, 'utf8'))
    return first > 0 && !isRedis ? deepestChild(first) : pid
  } catch {
    return pid
  }
}

/** Ids of Redis server processes whose data lies in the folder. */
export function redisOn(folder) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const isServer = /(redis-server|valkey-server|redis-check)/.test(
          readFileSync(`/proc/${pid}/comm`, 'utf8'),
        )
        if (!isServer) return false
        const inArguments = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder)
        const inEnvironment = readFileSync(`/proc/${pid}/environ`, 'utf8').includes(folder)
        return inArguments || inEnvironment
      } catch {
        return false
      }
    })
}

/** Looks all the time how many Redis there are on the folder; `most()` is the highest count. */
export function watchRedis(folder) {
  let most = 0
  const timer = setInterval(() => {
    most = Math.max(most, redisOn(folder).length)
  }, 20)
  return { most: () => most, stop: () => clearInterval(timer) }
}

/** Prints what held and what did not; the exit code says the same. */
export function createVerdict() {
  let failed = 0
  return {
    check(holds, sentence) {
      if (!holds) failed += 1
      console.log(`${holds ? 'ok   ' : 'FAIL '} ${sentence}`)
    },
    end() {
      console.log(failed === 0 ? '\nall held' : `\n${failed} did not hold`)
      process.exitCode = failed === 0 ? 0 : 1
    },
  }
}
