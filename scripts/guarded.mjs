// Owns starting a helper process that ends with this one, even when this one is killed.
import { spawn } from 'node:child_process'

/**
 * The guard in the background reads our pipe, which ends when we do or when we close it, and
 * then kills the process group: the program and itself.
 */
const SCRIPT = `
(while read -r _; do :; done; kill -KILL 0) <&3 3<&- &
exec "$@" 3<&-
`

/**
 * Starts `command` in a process group of its own. `kill()` resolves when nothing of it is left;
 * `ended` resolves with the exit code or signal and what it printed at last.
 */
export function spawnGuarded([command, ...args], { env, outputLengthMax }) {
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'sh', command, ...args], {
    detached: true,
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output = `${output}${text}`.slice(-outputLengthMax)
    })
  }
  const guard = child.stdio[3]
  guard.on('error', () => guard.destroy())
  // The guard holds the output open, so it has to end first.
  child.once('exit', () => guard.destroy())
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve({ how: error.message, output }))
    child.once('close', (code, signal) => resolve({ how: signal ?? `code ${code}`, output }))
  })
  return {
    ended,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    async kill() {
      guard.destroy()
      await ended
    },
  }
}
