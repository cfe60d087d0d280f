// Owns members that don't fit into memory: a file of runs, each in order, and merging them.
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { compareRecords, type MemberRecord } from './members.ts'

export type MemberRuns = {
  /** Begins a run; what is written must be in order. Throws what the file system throws. */
  startRun(): void
  readonly write: (record: Readonly<MemberRecord>) => void
  /** Gives the members of all runs in order; the object holds only during the call. */
  merge(visit: (record: Readonly<MemberRecord>) => void, signal: AbortSignal): Promise<void>
  close(): void
}

const RECORD_BYTES = 44

/** Written at once. */
const WRITE_BYTES = RECORD_BYTES * 4_000

/** For reading, shared out among all runs; each gets at least one record and at most as much. */
const READ_BYTES_MAX = 8_388_608
const READ_BYTES_EACH_MAX = RECORD_BYTES * 1_000

/** Members between two looks at signals and timers. */
const TURN_MEMBERS = 100_000

type Run = { readonly start: number; end: number }

/** Makes a file at `path`, which must not exist. */
export function createMemberRuns(path: string): MemberRuns {
  const file = openSync(path, 'wx+', 0o600)
  const buffer = Buffer.allocUnsafeSlow(WRITE_BYTES)
  const runs: Run[] = []
  let used = 0
  let written = 0

  const flush = (): void => {
    for (let at = 0; at < used; ) at += writeSync(file, buffer, at, used - at, written + at)
    written += used
    used = 0
  }

  return {
    startRun() {
      flush()
      runs.push({ start: written, end: written })
    },
    write(record) {
      if (used === buffer.length) flush()
      writeRecord(buffer, used, record)
      used += RECORD_BYTES
      const run = runs.at(-1)
      if (run !== undefined) run.end += RECORD_BYTES
    },
    async merge(visit, signal) {
      flush()
      const share = Math.floor(READ_BYTES_MAX / runs.length / RECORD_BYTES) * RECORD_BYTES
      const bytes = Math.max(RECORD_BYTES, Math.min(share, READ_BYTES_EACH_MAX))
      const heap = createHeap(runs.map((run) => createReader(file, run, bytes)))
      for (let count = 0; heap.length > 0; count += 1) {
        if (count % TURN_MEMBERS === 0) {
          await nextTurn()
          signal.throwIfAborted()
        }
        const reader = heap[0] as Reader
        visit(reader.record)
        if (!reader.next()) {
          const last = heap.pop() as Reader
          if (heap.length === 0) return
          if (last !== reader) heap[0] = last
        }
        sink(heap, 0)
      }
    },
    close: () => closeSync(file),
  }
}

type Reader = {
  readonly record: MemberRecord
  /** Reads the next record; false at the end. */
  next(): boolean
}

function createReader(file: number, { start, end }: Run, bytes: number): Reader {
  const buffer = Buffer.allocUnsafeSlow(bytes)
  const record = { place: 0, high: 0, low: 0, time: 0, a: 0, b: 0, c: 0 }
  let from = start
  let at = 0
  let filled = 0
  const fill = (): void => {
    const wanted = Math.min(bytes, end - from)
    at = 0
    filled = 0
    while (filled < wanted) {
      const count = readSync(file, buffer, filled, wanted - filled, from + filled)
      if (count === 0) throw new Error('a temporary file is shorter than it was written')
      filled += count
    }
    from += filled
  }
  return {
    record,
    next() {
      if (at === filled) fill()
      if (filled === 0) return false
      readRecord(buffer, at, record)
      at += RECORD_BYTES
      return true
    },
  }
}

/** Readers that have a record, the one with the first of all at the top. */
function createHeap(readers: readonly Reader[]): Reader[] {
  const heap = readers.filter((reader) => reader.next())
  for (let at = (heap.length >>> 1) - 1; at >= 0; at -= 1) sink(heap, at)
  return heap
}

function sink(heap: Reader[], from: number): void {
  const reader = heap[from] as Reader
  let at = from
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    const other = heap[child + 1]
    if (other !== undefined && isBefore(other, heap[child] as Reader)) child += 1
    const lower = heap[child] as Reader
    if (!isBefore(lower, reader)) break
    heap[at] = lower
    at = child
  }
  heap[at] = reader
}

function isBefore(one: Reader, other: Reader): boolean {
  return compareRecords(one.record, other.record) < 0
}

function writeRecord(buffer: Buffer, at: number, record: Readonly<MemberRecord>): void {
  buffer.writeUInt32LE(record.place, at)
  buffer.writeUInt32LE(record.high, at + 4)
  buffer.writeUInt32LE(record.low, at + 8)
  buffer.writeDoubleLE(record.time, at + 12)
  buffer.writeDoubleLE(record.a, at + 20)
  buffer.writeDoubleLE(record.b, at + 28)
  buffer.writeDoubleLE(record.c, at + 36)
}

function readRecord(buffer: Buffer, at: number, record: MemberRecord): void {
  record.place = buffer.readUInt32LE(at)
  record.high = buffer.readUInt32LE(at + 4)
  record.low = buffer.readUInt32LE(at + 8)
  record.time = buffer.readDoubleLE(at + 12)
  record.a = buffer.readDoubleLE(at + 20)
  record.b = buffer.readDoubleLE(at + 28)
  record.c = buffer.readDoubleLE(at + 36)
}
