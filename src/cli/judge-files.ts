// Owns reading the files of a command and having them judged: progress, lines without an entry, and
// a clean end when asked to stop.
import { open as openFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { addAbortSignal, Readable } from 'node:stream'
import { BLOCK_BYTES, createSpareBuffers, readBlocks } from '../input/blocks.ts'
import { joinDocuments } from '../input/documents.ts'
import type { Judge } from '../replay/judge.ts'
import { createPool, type Pool } from '../replay/pool.ts'
import type { LineTally, Task } from '../replay/task.ts'
import { type Cli, CommandError } from './context.ts'
import { createProgressBar, type ProgressBar } from './progress-bar.ts'

/** Faulty lines named one by one; the others are only counted. */
const BAD_LINES_SHOWN_MAX = 20

export type FilesTask<Answer extends LineTally> = {
  /** Paths, or `-` for stdin. */
  readonly files: readonly string[]
  readonly task: Task
  readonly judge: Judge<Answer>
  /** Gets the answers in the order of the input. */
  readonly take: (answer: Answer) => unknown
  readonly quiet: boolean
}

export type Judged = { readonly entries: number; readonly bad: number }

/** Judges all entries of some files. Throws a CommandError (2) when one can't be read. */
export async function judgeFiles<Answer extends LineTally>(
  cli: Cli,
  { files, task, judge, take, quiet }: FilesTask<Answer>,
): Promise<Judged> {
  const spare = createSpareBuffers()
  const pool = createPool({ task, judge, spare })
  const bar = createProgressBar(quiet ? { write: () => undefined } : cli.stderr)
  const totals = { entries: 0, bad: 0 }
  try {
    const inputs = await Promise.all(files.map((file) => openInput(cli, file)))
    const progress = createProgress(bar, inputs, cli)
    for (const input of inputs) {
      const blocks = readBlocks(joinDocuments(progress.watch(input.open())), {
        spare,
        isIdle: pool.isIdle,
      })
      await runInput(pool, blocks, input, async (answer) => {
        totals.entries += answer.entries
        progress.show(totals.entries)
        tellBadLines(cli, bar, { ...input, answer, shown: totals.bad })
        totals.bad += answer.badCount
        await take(answer)
      })
    }
    return totals
  } catch (error) {
    cli.signal.throwIfAborted()
    throw error
  } finally {
    bar.clear()
    await pool.close()
  }
}

type Input = {
  readonly file: string
  /** Undefined when nobody can tell. */
  readonly bytes: number | undefined
  /** Chunks that hold until the next one is asked for. */
  readonly open: () => AsyncIterable<Uint8Array | string>
}

async function openInput(cli: Cli, file: string): Promise<Input> {
  if (file === '-') {
    const open = () => addAbortSignal(cli.signal, readable(cli.stdin))
    return { file: 'stdin', bytes: undefined, open }
  }
  const path = resolve(cli.cwd, file)
  const stats = await stat(path).catch((error: unknown) => {
    throw unreadable(file, error)
  })
  if (stats.isDirectory()) throw unreadable(file, Object.assign(new Error(), { code: 'EISDIR' }))
  const bytes = stats.isFile() ? stats.size : undefined
  return { file, bytes, open: () => readChunks(path, cli.signal) }
}

/** Always the same buffer: a stream would make one for each chunk, which are garbage at once. */
async function* readChunks(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const handle = await openFile(path)
  try {
    const chunk = Buffer.allocUnsafeSlow(BLOCK_BYTES)
    for (;;) {
      signal.throwIfAborted()
      const { bytesRead } = await handle.read(chunk, 0, chunk.length)
      if (bytesRead === 0) return
      yield chunk.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}

/** stdin itself where it can be ended: what waits for its next line must not keep us alive. */
function readable(stream: NodeJS.ReadableStream): Readable {
  return stream instanceof Readable ? stream : Readable.from(stream)
}

async function runInput<Answer>(
  pool: Pool<Answer>,
  blocks: Parameters<Pool<Answer>['run']>[0],
  { file }: Input,
  take: (answer: Answer) => Promise<void>,
): Promise<void> {
  try {
    await pool.run(blocks, take)
  } catch (error) {
    const code = error instanceof Error && 'syscall' in error && 'code' in error
    throw code ? unreadable(file, error) : error
  }
}

function unreadable(file: string, error: unknown): CommandError {
  const code = String((error as NodeJS.ErrnoException).code)
  return new CommandError(2, `${file} can't be read (${code})`, 'check the path', error)
}

type BadLines = { readonly file: string; readonly answer: LineTally; readonly shown: number }

function tellBadLines(cli: Cli, bar: ProgressBar, { file, answer, shown }: BadLines): void {
  const room = Math.max(0, BAD_LINES_SHOWN_MAX - shown)
  const told = answer.bad.slice(0, room)
  if (told.length > 0) bar.clear()
  for (const { line, problem } of told) cli.stderr.write(`${file}:${line}: ${problem}: skipped\n`)
  if (told.length > 0 && shown + answer.badCount > BAD_LINES_SHOWN_MAX) {
    cli.stderr.write('more such lines are only counted\n')
  }
}

/** Redrawing more often only flickers. */
const REDRAW_MS = 100

function createProgress(bar: ProgressBar, inputs: readonly Input[], { clock }: Cli) {
  const sizes = inputs.map((input) => input.bytes)
  const isKnown = sizes.every((size) => size !== undefined)
  const total = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0)
  let read = 0
  let drawnAt = 0
  return {
    async *watch(input: AsyncIterable<Uint8Array | string>): AsyncGenerator<Uint8Array | string> {
      for await (const chunk of input) {
        read += chunk.length
        yield chunk
      }
    },
    show(entries: number): void {
      const now = clock.now()
      if (!isKnown || total === 0 || now - drawnAt < REDRAW_MS) return
      drawnAt = now
      bar.show(read / total, `${entries.toLocaleString('en')} entries`)
    },
  }
}
