// Owns one run of the embedded Redis: its processes, the lock on its data, and their common end.
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Clock } from './core/clock.ts'

/** A Redis flushes its AOF within this after SIGTERM, or it hangs and is killed. */
const STOP_TIMEOUT_MS = 5_000
/** SIGKILL takes effect at once, but on a process that hangs in a disk operation. */
const KILL_TIMEOUT_MS = 2_000

/**
 * `$1` is the lock file, the rest Redis's command line. The shell becomes Redis itself, so that
 * file descriptor 9, and with it the lock, lives exactly as long as a Redis on this data (or a
 * child of it that rewrites the AOF). The watcher in the background reads the service's pipe
 * and ends the whole process group at its end, whichever way the service died. It must not hold
 * the lock, and Redis must not hold the pipe: the pipe's other end so also tells of the
 * watcher's death. macOS has no flock(1), but perl.
 */
const SCRIPT = `
lock=$1
shift
runs() { kill -0 "$$" 2>/dev/null && ! grep -qs '^State:.Z' "/proc/$$/status"; }
(
  trap '' HUP INT TERM
  while read -r _; do :; done
  kill -TERM 0
  tenths=0
  while [ "$tenths" -lt 100 ] && runs; do sleep 0.1; tenths=$((tenths + 1)); done
  kill -KILL 0
) <&3 3<&- &
exec 3<&- 9>>"$lock" || exit 71
if command -v flock >/dev/null 2>&1; then flock 9
elif command -v perl >/dev/null 2>&1; then
  perl -e 'use Fcntl ":flock"; open(my $f, ">>&=9") && flock($f, LOCK_EX) or exit 1'
else echo 'neither flock nor perl found: one is needed to lock the data'; exit 72
fi || exit 73
exec "$@" 9>&9
`

/**
 * Where setpriv(1) of util-linux is: the kernel itself sends SIGTERM to what becomes Redis when
 * the service dies, even if somebody killed the watcher a moment before.
 */
const LAUNCHER = `
if setpriv --pdeathsig TERM true 2>/dev/null; then exec setpriv --pdeathsig TERM "$@"; fi
exec "$@"
`

/** One run. `ended` never rejects. */
export type RedisRun = {
  /** Resolves with what ended, when Redis or its watcher did. */
  readonly ended: Promise<string>
  hasEnded(): boolean
  /** Ends whatever is left of it; resolves when nothing is, or it withstood SIGKILL. */
  stop(): Promise<void>
}

export type RedisRunOptions = {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly lockPath: string
  /** Where it writes what it prints before Redis has opened its log. */
  readonly outputPath: string
  readonly clock: Clock
}

/**
 * Starts Redis in a process group of its own, as soon as no other holds the lock. Keeps neither
 * the event loop alive nor anything running after this process's end.
 */
export function runRedis(options: RedisRunOptions): RedisRun {
  const output = openSync(options.outputPath, 'a', 0o600)
  const redis = [options.lockPath, options.command, ...options.args]
  const shell = ['/bin/sh', '-c', SCRIPT, 'tocsin-redis', ...redis]
  const child = spawn('/bin/sh', ['-c', LAUNCHER, 'tocsin-redis', ...shell], {
    detached: true,
    env: { ...options.env },
    stdio: ['ignore', output, output, 'pipe'],
  })
  closeSync(output)
  const pipe = child.stdio[3]
  const redisEnd = endOfChild(child)
  const watcherEnd = endOfPipe(pipe)
  child.unref()
  if (pipe instanceof Socket) pipe.unref()
  let ended = false
  const anyEnd = Promise.race([redisEnd, watcherEnd]).then((what) => {
    ended = true
    return what
  })
  return {
    ended: anyEnd,
    hasEnded: () => ended,
    async stop() {
      const allEnd = Promise.all([redisEnd, watcherEnd])
      if (pipe instanceof Socket) pipe.end()
      // Without a watcher nobody reads the pipe.
      if (ended) signalGroup(child, 'SIGTERM')
      if (await settles(allEnd, STOP_TIMEOUT_MS, options.clock)) return
      signalGroup(child, 'SIGKILL')
      await settles(allEnd, KILL_TIMEOUT_MS, options.clock)
    },
  }
}

function endOfChild(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`))
    child.once('exit', (code, signal) => resolve(`Redis ended (${signal ?? `code ${code}`})`))
  })
}

/** The watcher alone holds the other end. */
function endOfPipe(pipe: unknown): Promise<string> {
  return new Promise((resolve) => {
    const what = 'the watcher of Redis ended'
    if (!(pipe instanceof Socket)) return resolve(what)
    pipe.on('error', () => pipe.destroy())
    pipe.once('close', () => resolve(what))
    pipe.resume()
  })
}

function signalGroup(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return
  try {
    // The number can't belong to another group while a member lives, and ESRCH tells of none.
    process.kill(-child.pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** Whether it settles in time. */
async function settles(what: Promise<unknown>, timeoutMs: number, clock: Clock): Promise<boolean> {
  const waiting = new AbortController()
  const late = clock.sleep(timeoutMs, waiting.signal).then(() => false)
  const settled = await Promise.race([what.then(() => true), late])
  waiting.abort()
  return settled
}
