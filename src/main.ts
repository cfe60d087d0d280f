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

/** What writing says when the other end has gone. */
const CLOSED = ['EPIPE', 'ERR_STREAM_DESTROYED']

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
    const program = await createProgram(cli, argv)
    await program.parseAsync(argv, { from: 'user' })
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
  // `| head` has what it wanted: that is no failure, and nobody is left to tell.
  if (isOutputClosed(cli.signal.reason)) return 0
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

function isOutputClosed(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'OutputClosed'
}

/** Why output fails, as a reason to stop. */
function outputFailure({ code }: NodeJS.ErrnoException): Error {
  if (code === undefined || !CLOSED.includes(code)) {
    const remedy = 'make room, or send it elsewhere'
    return new CommandError(3, `the output can't be written (${String(code)})`, remedy)
  }
  const closed = new Error('nobody reads the output any more')
  closed.name = 'OutputClosed'
  return closed
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
  const onOutputError = (error: NodeJS.ErrnoException) => controller.abort(outputFailure(error))
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  process.on('SIGHUP', onSignal)
  process.stdout.on('error', onOutputError)
  process.stderr.on('error', onOutputError)
  return {
    signal: controller.signal,
    release: () => {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
      process.off('SIGHUP', onSignal)
      process.stdout.off('error', onOutputError)
      process.stderr.off('error', onOutputError)
    },
  }
}

function isMain(): boolean {
  const script = process.argv[1]
  return script !== undefined && realpathSync(script) === fileURLToPath(import.meta.url)
}

/** Runs the command line of this process, as the program does when it is started. */
export async function main(): Promise<void> {
  // What is on its way when a command has ended may still fail: it is nobody's any more.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  process.exitCode = await run(process.argv.slice(2))
}

if (isMain()) await main()
