// Owns many short texts that are read once at the end: in memory while they are few, then in a file.
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'

export type TextStore = {
  /** Keeps a text and tells where it is. */
  add(text: string): number
  /** The text at a place that `add` told. */
  read(place: number): string
  close(): void
}

/** Texts in memory, in bytes; then they are written to the file and room is made for more. */
const MEMORY_BYTES = 4_194_304

/** Read at once: texts that lie together are mostly asked for one after the other. */
const READ_BYTES = 65_536

/** Bytes in front of each text: its length. */
const HEAD_BYTES = 4

/** `folder` gives a folder for the file, when one is needed. */
export function createTextStore(
  folder: () => string,
  memoryBytes: number = MEMORY_BYTES,
): TextStore {
  let memory = Buffer.alloc(0)
  let used = 0
  let written = 0
  let file: number | undefined
  /** What of the file was read last. It is only added to: nothing of that changes. */
  const ahead = { bytes: Buffer.alloc(0), start: 0, end: 0 }

  const flush = (): void => {
    file ??= openSync(join(folder(), 'texts'), 'wx+', 0o600)
    for (let at = 0; at < used; ) at += writeSync(file, memory, at, used - at)
    written += used
    used = 0
  }

  const makeRoom = (bytes: number): void => {
    if (used + bytes <= memory.length) return
    if (used + bytes > memoryBytes && used > 0) flush()
    if (bytes <= memory.length - used) return
    const larger = Buffer.alloc(Math.max(used + bytes, Math.min(memory.length * 2, memoryBytes)))
    memory.copy(larger, 0, 0, used)
    memory = larger
  }

  const bytesAt = (place: number, length: number): Buffer => {
    if (place >= written) return memory.subarray(place - written, place - written + length)
    if (place < ahead.start || place + length > ahead.end) readAhead(place, length)
    return ahead.bytes.subarray(place - ahead.start, place - ahead.start + length)
  }

  const readAhead = (place: number, length: number): void => {
    const size = Math.max(READ_BYTES, length)
    if (ahead.bytes.length < size) ahead.bytes = Buffer.alloc(size)
    const count = file === undefined ? 0 : readSync(file, ahead.bytes, 0, size, place)
    ahead.start = place
    ahead.end = place + count
  }

  return {
    add(text) {
      const bytes = Buffer.from(text)
      makeRoom(HEAD_BYTES + bytes.length)
      const place = written + used
      memory.writeUInt32LE(bytes.length, used)
      bytes.copy(memory, used + HEAD_BYTES)
      used += HEAD_BYTES + bytes.length
      return place
    },
    read(place) {
      const length = bytesAt(place, HEAD_BYTES).readUInt32LE(0)
      return bytesAt(place + HEAD_BYTES, length).toString()
    },
    close() {
      if (file !== undefined) closeSync(file)
      file = undefined
    },
  }
}
