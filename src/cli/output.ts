// Owns writing much to stdout: it waits for a slow reader, so that what is not read yet stays small.
import type { Cli } from './context.ts'

/** Writes a text and, when the reader is behind, waits until it has caught up or all is over. */
export async function writeOutput({ stdout, signal }: Cli, text: string): Promise<void> {
  signal.throwIfAborted()
  if (text === '' || stdout.write(text) !== false) return
  if (!('once' in stdout) || typeof stdout.once !== 'function') return
  const stream = stdout as unknown as NodeJS.WritableStream
  await new Promise<void>((resolve) => {
    const done = () => {
      stream.removeListener('drain', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    stream.once('drain', done)
    signal.addEventListener('abort', done, { once: true })
  })
  signal.throwIfAborted()
}
