// Owns running the embedded Redis in service processes of their own, so that tests can kill them.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const PROJECT = fileURLToPath(new URL('..', import.meta.url))

const SERVICE = `
import { startEmbeddedRedis } from './dist/embedded-redis.js'
import { systemClock } from './dist/clock.js'
const [dataDir, redis] = process.argv.slice(2)
const quiet = () => {}
const tell = (fields, text) => console.log('log ' + text)
const log = { debug: quiet, info: tell, warn: tell, error: tell }
const embedded = await startEmbeddedRedis({
  dataDir, redis: JSON.parse(redis), log, clock: systemClock,
})
console.log('up ' + embedded.socketPath)
const alive = setInterval(quiet, 1000)
process.once('SIGTERM', async () => {
  await embedded.stop()
  clearInterval(alive)
})
`

/** A service that holds an embedded Redis and does nothing else. */
export type Service = {
  readonly pid: number
  readonly process: ChildProcess
  /** Resolves with the socket's path once it says that Redis answers. */
  up(): Promise<string>
  /** Resolves when it logged a line with this text. */
  logged(text: string): Promise<void>
  /** Sends the signal and resolves when the process has ended. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

/** Compiles what a service needs into the folder; the result starts services. */
export function compileService(folder: string, redis: unknown): (dataDir: string) => Service {
  const config = {
    extends: join(PROJECT, 'tsconfig.json'),
    compilerOptions: {
      rootDir: join(PROJECT, 'src'),
      outDir: join(folder, 'dist'),
      typeRoots: [join(PROJECT, 'node_modules/@types')],
      incremental: false,
      tsBuildInfoFile: null,
      noCheck: true,
    },
    files: ['embedded-redis.ts', 'clock.ts'].map((name) => join(PROJECT, 'src', name)),
    include: [],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const compiler = join(PROJECT, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [compiler, '-p', join(folder, 'tsconfig.json')])
  symlinkSync(join(PROJECT, 'scripts'), join(folder, 'scripts'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const script = join(folder, 'service.js')
  writeFileSync(script, SERVICE)
  return (dataDir) => startService([script, dataDir, JSON.stringify(redis)])
}

function startService(args: readonly string[]): Service {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  const reader = createInterface({ input: child.stdout })
  reader.on('line', (line) => lines.push(line))
  const closed = once(reader, 'close')
  const exited = once(child, 'exit')
  const line = async (matches: (text: string) => boolean): Promise<string> => {
    for (;;) {
      const found = lines.find(matches)
      if (found !== undefined) return found
      const next = await Promise.race([once(reader, 'line'), closed.then(() => undefined)])
      if (next === undefined && !lines.some(matches)) throw new Error(`ended: ${lines.join()}`)
    }
  }
  return {
    pid: child.pid ?? 0,
    process: child,
    up: async () => (await line((text) => text.startsWith('up '))).slice('up '.length),
    async logged(text) {
      await line((found) => found.startsWith('log ') && found.includes(text))
    },
    async end(signal) {
      child.kill(signal)
      await exited
    },
  }
}

/** A process that has a file below the folder open. */
export type User = {
  readonly pid: number
  readonly kind: 'redis' | 'watcher' | 'waiting'
  readonly parent: number
}

/**
 * Who uses a data folder right now: the Redis server, its watchers, and what still waits for
 * the lock. Reads /proc, so Linux only. Services themselves have nothing open in it.
 */
export function usersOf(folder: string): readonly User[] {
  const prefix = `${resolve(folder)}/`
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const open = readdirSync(`/proc/${name}/fd`).map((fd) => linkOf(`/proc/${name}/fd/${fd}`))
      if (!open.some((path) => path.startsWith(prefix))) return []
      const command = readFileSync(`/proc/${name}/comm`, 'utf8').trim()
      const status = readFileSync(`/proc/${name}/status`, 'utf8')
      const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1])
      const holdsLock = open.some((path) => path.endsWith('/redis.lock'))
      const waits = holdsLock ? 'waiting' : 'watcher'
      const kind = command.endsWith('-server') ? 'redis' : waits
      return [{ pid: Number(name), kind, parent }]
    } catch {
      return [] // It ended while we looked.
    }
  })
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
