#!/usr/bin/env node
// Owns the process: arguments → command, signals → abort, the result → exit code. Nothing else
// exits, reads the environment or touches the standard streams.
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { CommanderError } from 'commander'
import { type Cli, CommandError } from './cli/context.ts'
import { createProgram } from './cli/program.ts'
import { systemClock } from './clock.ts'

/** A terminal sends Ctrl-C to npm and to us, and npm sends it on: that is still one Ctrl-C. */
const SECOND_SIGNAL_AFTER_MS = 1_000
const EXIT_CODE_INTERRUPTED = 130

/** Runs a command line (without `node` and the script's name) and gives its exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  const { signal, release } = listenForSignals()
  const cli: Cli = {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    clock: systemClock,
    signal,
  }
  try {
    await createProgram(cli).parseAsync(argv, { from: 'user' })
    return 0
  } catch (error) {
    return explain(error, cli)
  } finally {
    release()
  }
}

/** The exit code of what ended a command; says what was wrong and what to do. */
function explain(error: unknown, cli: Cli): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (cli.signal.aborted && isAbort(error)) return EXIT_CODE_INTERRUPTED
  if (error instanceof CommandError) {
    if (error.message !== '') cli.stderr.write(`tocsin: ${error.message}\n`)
    if (error.remedy !== undefined) cli.stderr.write(`        ${error.remedy}\n`)
    return error.exitCode
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  cli.stderr.write(`tocsin: unexpected error, please report it:\n${text}\n`)
  return 3
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'StopRequest')
}

/** Aborts on the first SIGINT or SIGTERM; one more, later, ends the process at once. */
function listenForSignals(): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController()
  let firstAt: number | undefined
  const onSignal = () => {
    const now = systemClock.now()
    firstAt ??= now
    if (now - firstAt > SECOND_SIGNAL_AFTER_MS) process.exit(EXIT_CODE_INTERRUPTED)
    const reason = new Error('asked to stop')
    reason.name = 'StopRequest'
    controller.abort(reason)
  }
  // What reads our output may end first (`| head`): then nobody is left to tell.
  const onPipeError = (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') controller.abort(new Error('nobody reads the output any more'))
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  process.on('SIGHUP', onSignal)
  process.stdout.on('error', onPipeError)
  return {
    signal: controller.signal,
    release: () => {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
      process.off('SIGHUP', onSignal)
      process.stdout.off('error', onPipeError)
    },
  }
}

function isMain(): boolean {
  const script = process.argv[1]
  return script !== undefined && realpathSync(script) === fileURLToPath(import.meta.url)
}

if (isMain()) process.exitCode = await run(process.argv.slice(2))
