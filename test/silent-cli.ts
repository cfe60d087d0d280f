// Owns a command line for tests, without a process around it: it says nothing unless asked to.
import { tmpdir } from 'node:os'
import { Readable } from 'node:stream'
import type { Cli } from '../src/cli/context.ts'

/** The day on which documents are tried, so that no exception of an example ever ends. */
export const DOCUMENTS_DATE = '2026-11-20'

export function silentCli(more: Partial<Cli> = {}): Cli {
  return {
    stdin: Readable.from([]),
    stdout: { write: () => true },
    stderr: { write: () => true },
    env: {},
    cwd: tmpdir(),
    clock: { now: () => Date.parse(`${DOCUMENTS_DATE}T12:00:00Z`), sleep: async () => {} },
    signal: new AbortController().signal,
    ...more,
  }
}
