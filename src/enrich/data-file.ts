// Owns one file of data about addresses: reading it, and taking up a changed one. What is in it is
// the parser's; what its facts are for is geo.ts.
import { readFile, stat } from 'node:fs/promises'
import type { Address } from '../core/address.ts'
import type { Log } from '../observe/log.ts'
import { EnrichmentError } from './error.ts'
import type { Lookup } from './lookup.ts'

/** Larger ones would not fit beside the service; the largest that are sold have 2 GB. */
const FILE_BYTES_MAX = 2 ** 31

export type DataName = 'country' | 'asn' | 'city'

export type DataFileOptions<T> = {
  readonly name: DataName
  readonly path: string
  readonly parse: (bytes: Buffer, path: string) => Lookup<T>
  readonly log: Log
}

export type DataFile<T> = {
  readonly name: DataName
  readonly path: string
  builtAt(): number
  /** Never throws: where the data is damaged nothing is known, and the log says so once. */
  find(address: Address): T | undefined
  /**
   * Takes up a changed file that held still since the last call; a bad one is logged and the data
   * from before stays. Whether the data is another now.
   */
  refresh(): Promise<boolean>
}

/** Reads the file. Throws an EnrichmentError when it can't be used. */
export async function openDataFile<T>(options: DataFileOptions<T>): Promise<DataFile<T>> {
  const { name, path, log } = options
  let stamp = await stampOf(path)
  let seen = stamp
  let lookup = await load(options)
  let isDamageTold = false
  let isAwayTold = false

  return {
    name,
    path,
    builtAt: () => lookup.builtAt,
    find(address) {
      try {
        return lookup.find(address)
      } catch (error) {
        if (!isDamageTold) log.warn({ data: name, path, error }, 'data on addresses is damaged')
        isDamageTold = true
        return undefined
      }
    },
    async refresh() {
      const before = seen
      try {
        seen = await stampOf(path)
        isAwayTold = false
        // A file that is being written changes from round to round.
        if (seen === stamp || seen !== before) return false
        stamp = seen
        lookup = await load(options)
      } catch (error) {
        if (!(error instanceof EnrichmentError)) throw error
        const { message, reason } = error
        const isTold = reason === 'unreadable' && isAwayTold
        if (!isTold) log.warn({ data: name, reason, message }, 'the data from before stays in use')
        isAwayTold = reason === 'unreadable'
        return false
      }
      isDamageTold = false
      log.info({ data: name, path }, 'changed data on addresses is in use')
      return true
    },
  }
}

async function load<T>({ path, parse }: DataFileOptions<T>): Promise<Lookup<T>> {
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (error) {
    throw unreadable(path, error)
  }
  return parse(bytes, path)
}

/** Changes when the file does, or another takes its name. */
async function stampOf(path: string): Promise<string> {
  try {
    const { size, mtimeMs, ctimeMs, ino } = await stat(path)
    if (size <= FILE_BYTES_MAX) return `${size}.${mtimeMs}.${ctimeMs}.${ino}`
    throw new EnrichmentError('unreadable', `${path} is larger than ${FILE_BYTES_MAX} bytes`)
  } catch (error) {
    throw error instanceof EnrichmentError ? error : unreadable(path, error)
  }
}

function unreadable(path: string, error: unknown): EnrichmentError {
  const { code } = error as NodeJS.ErrnoException
  return new EnrichmentError('unreadable', `${path} can't be read (${code})`, error)
}
