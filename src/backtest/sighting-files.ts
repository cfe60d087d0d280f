// Owns sightings that don't fit into memory: temporary files by a few bits of the event, so that all
// copies of an event lie in the same file and each file alone can be gone through.
import { closeSync, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Sighting } from './sightings.ts'

export type SightingFiles = {
  readonly add: (sighting: Sighting) => void
  /** Gives all sightings of one part, and removes it. Nothing can be added any more. */
  take(part: number, visit: (sighting: Sighting) => void): void
  close(): void
}

/** Files of one level; a part that is still too large is cut again by the next bits. */
export const PARTS = 64

const PART_BITS = 6

/** Levels there are bits for: far more than any disk could hold. */
export const LEVELS_MAX = 5

const RECORD_BYTES = 20

/** Records written or read at once, per file. */
const RECORDS_AT_ONCE = 1_000

type Part = {
  readonly path: string
  /** Made with the first record. */
  buffer: Buffer | undefined
  used: number
  /** Opened when the buffer is full for the first time: few records need no file. */
  file: number | undefined
}

/** Makes `folder`, whose parent must exist. Throws what the file system throws. */
export function createSightingFiles(folder: string, level: number): SightingFiles {
  mkdirSync(folder, { mode: 0o700 })
  const shift = 32 - PART_BITS * (level + 1)
  const parts = Array.from({ length: PARTS }, (_, number): Part => {
    return { path: join(folder, String(number)), buffer: undefined, used: 0, file: undefined }
  })
  return {
    add(sighting) {
      const part = parts[(sighting.high >>> shift) & (PARTS - 1)] as Part
      part.buffer ??= Buffer.allocUnsafeSlow(RECORD_BYTES * RECORDS_AT_ONCE)
      if (part.used === part.buffer.length) writePart(part, part.buffer)
      writeRecord(part.buffer, part.used, sighting)
      part.used += RECORD_BYTES
    },
    take(number, visit) {
      const part = parts[number] as Part
      if (part.buffer === undefined) return
      visitRecords(part.buffer, part.used, visit)
      if (part.file !== undefined) visitFile(part.file, part.buffer, visit)
      release(part)
    },
    close() {
      for (const part of parts) release(part)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function writePart(part: Part, buffer: Buffer): void {
  part.file ??= openSync(part.path, 'wx+', 0o600)
  for (let at = 0; at < part.used; ) at += writeSync(part.file, buffer, at, part.used - at)
  part.used = 0
}

/** Nothing of a part is needed any more. */
function release(part: Part): void {
  part.buffer = undefined
  if (part.file === undefined) return
  closeSync(part.file)
  rmSync(part.path)
  part.file = undefined
}

/** Only whole records are ever written. */
function visitFile(file: number, buffer: Buffer, visit: (sighting: Sighting) => void): void {
  for (let from = 0; ; ) {
    const bytes = readSync(file, buffer, 0, buffer.length, from)
    const whole = bytes - (bytes % RECORD_BYTES)
    if (whole === 0) return
    visitRecords(buffer, whole, visit)
    from += whole
  }
}

function visitRecords(buffer: Buffer, end: number, visit: (sighting: Sighting) => void): void {
  for (let at = 0; at < end; at += RECORD_BYTES) visit(readRecord(buffer, at))
}

function writeRecord(buffer: Buffer, at: number, { high, low, place, time }: Sighting): void {
  buffer.writeUInt32LE(high, at)
  buffer.writeUInt32LE(low, at + 4)
  buffer.writeUInt32LE(place, at + 8)
  buffer.writeDoubleLE(time, at + 12)
}

function readRecord(buffer: Buffer, at: number): Sighting {
  return {
    high: buffer.readUInt32LE(at),
    low: buffer.readUInt32LE(at + 4),
    place: buffer.readUInt32LE(at + 8),
    time: buffer.readDoubleLE(at + 12),
  }
}
