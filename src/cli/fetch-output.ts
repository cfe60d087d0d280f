// Owns where a download goes: stdout, or a file that a later run can go on with.
//
// Beside FILE, while it is not finished, lies FILE.partial: what was asked for, how far it got, and
// how many bytes of FILE that is. It is replaced as a whole after the bytes are on disk, so FILE
// may be longer than it says, never shorter: going on cuts FILE there and repeats one window.
// Without FILE.partial, FILE is finished or somebody else's, and is not touched.
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { isFields } from '../core/fields.ts'
import type { Span } from '../state/stores.ts'
import { CommandError } from './context.ts'

/** What was asked for, as written: `24h` is another time in the next run. */
export type Asked = { readonly from: string; readonly to: string; readonly contract: string }

/** A download and how far it got. */
export type FetchState = {
  readonly asked: Asked
  readonly span: Span
  readonly contracts: readonly string[]
  /** Contracts that are finished, then the time up to which the next one is. */
  readonly contractsDone: number
  readonly doneTo: number
  readonly bytes: number
  readonly entries: number
  readonly unproven: readonly Span[]
}

export type FetchFile = {
  /** Adds the text, and only then the state, whose `bytes` it fills in. */
  append(text: string, state: Omit<FetchState, 'bytes'>): Promise<void>
  /** The download is finished: what is left is the file alone. */
  finish(): Promise<void>
  close(): Promise<void>
}

const FORMAT = 1

/** The state of an unfinished download; undefined when there is none. Throws a CommandError. */
export async function readFetchState(path: string, asked: Asked): Promise<FetchState | undefined> {
  const text = await readFile(partialOf(path), 'utf8').catch(() => undefined)
  if (text === undefined) {
    if (!(await exists(path))) return undefined
    throw new CommandError(
      2,
      `${path} is there already`,
      'choose another --out, or delete it: what is finished is never written over',
    )
  }
  const state = parseState(text)
  const same = state !== undefined && JSON.stringify(state.asked) === JSON.stringify(asked)
  if (state === undefined || !same) {
    const other = state === undefined ? '' : ` (${describe(state.asked)})`
    throw new CommandError(
      2,
      `${path} is part of another download${other}`,
      `finish that one with its own options, or delete ${path} and ${partialOf(path)}`,
    )
  }
  return state
}

/** Opens the file at the place `state` tells. Throws a CommandError. */
export async function openFetchFile(path: string, state: FetchState): Promise<FetchFile> {
  const isNew = state.bytes === 0
  try {
    await writeState(path, state)
    const file = await open(path, isNew ? 'w' : 'r+')
    const { size } = await file.stat()
    if (size < state.bytes) {
      await file.close()
      const remedy = `delete ${path} and ${partialOf(path)}, and begin again`
      throw new CommandError(2, `${path} is shorter than it was when it was written`, remedy)
    }
    await file.truncate(state.bytes)
    let bytes = state.bytes
    return {
      async append(text, next) {
        try {
          const { bytesWritten } = await file.write(text, bytes)
          bytes += bytesWritten
          await file.datasync()
          await writeState(path, { ...next, bytes })
        } catch (error) {
          throw unwritable(path, error)
        }
      },
      finish: async () => await rm(partialOf(path), { force: true }),
      close: async () => await file.close(),
    }
  } catch (error) {
    if (error instanceof CommandError) throw error
    throw unwritable(path, error)
  }
}

function unwritable(path: string, error: unknown): CommandError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed'
  const remedy = 'check the folder and its free space, or choose another --out'
  return new CommandError(2, `cannot write ${path}: ${code}`, remedy, error)
}

function partialOf(path: string): string {
  return `${path}.partial`
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}

async function writeState(path: string, state: FetchState): Promise<void> {
  const next = `${partialOf(path)}.new`
  await writeFile(next, `${JSON.stringify({ format: FORMAT, ...state })}\n`, { flush: true })
  await rename(next, partialOf(path))
}

/** Only what we wrote ourselves has this form; anything else is not ours to go on with. */
function parseState(text: string): FetchState | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isState(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isState(value: unknown): value is FetchState {
  if (!isFields(value) || value['format'] !== FORMAT) return false
  const numbers = ['contractsDone', 'doneTo', 'bytes', 'entries']
  return (
    numbers.every((key) => Number.isSafeInteger(value[key])) &&
    isFields(value['asked']) &&
    isFields(value['span']) &&
    Array.isArray(value['contracts']) &&
    Array.isArray(value['unproven'])
  )
}

function describe({ from, to, contract }: Asked): string {
  return `--from ${from} --to ${to}${contract === '' ? '' : ` --contract ${contract}`}`
}
