// Owns cutting a stream into blocks of whole lines that can be handed to another thread, in bounded
// memory. What lines hold: ndjson.ts.

/** Whole lines as they came, UTF-8. */
export type Block = {
  /** In a buffer of its own; empty when the one line it stands for was too long to be held. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The number of its first line, from 1. */
  readonly firstLine: number
  readonly isTooLong: boolean
}

/** Large enough that handing it over costs nothing beside reading it, small enough to be many. */
export const BLOCK_BYTES = 262_144

/** Longest line: a whole API answer of 10,000 entries fits. */
export const LINE_BYTES_MAX = 33_554_432

/** Buffers kept for the next block; more are never under way. */
const SPARE_MAX = 16

const NEWLINE = 10
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf]

/** Buffers of blocks that were worked off, so that reading a large file makes no garbage. */
export type SpareBuffers = {
  take(): ArrayBuffer
  giveBack(buffer: ArrayBufferLike): void
}

export function createSpareBuffers(): SpareBuffers {
  const spare: ArrayBuffer[] = []
  return {
    take: () => spare.pop() ?? new ArrayBuffer(BLOCK_BYTES),
    giveBack(buffer) {
      if (!(buffer instanceof ArrayBuffer) || buffer.byteLength !== BLOCK_BYTES) return
      if (spare.length < SPARE_MAX) spare.push(buffer)
    },
  }
}

export type BlockOptions = {
  readonly spare: SpareBuffers
  /** Whether somebody waits: what has come is then given without waiting for a full block. */
  readonly isIdle: () => boolean
}

/** The lines of a stream, in order, in blocks that are full unless somebody waits for them. */
export async function* readBlocks(
  input: AsyncIterable<Uint8Array | string>,
  { spare, isIdle }: BlockOptions,
): AsyncGenerator<Block> {
  const buffer = new Uint8Array(spare.take())
  const cut: Cut = { spare, buffer, length: 0, line: 1, isSkipping: false }
  for await (const chunk of input) {
    yield* addChunk(cut, typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
    const end = isIdle() ? lastLineEnd(cut) : 0
    if (end > 0) yield give(cut, end)
  }
  if (cut.isSkipping) yield giveTooLong(cut)
  else if (cut.length > 0) yield give(cut, cut.length)
}

/** What has been read and not been given. */
type Cut = {
  readonly spare: SpareBuffers
  buffer: Uint8Array<ArrayBuffer>
  /** How much of the buffer is filled. */
  length: number
  /** The number of its first line. */
  line: number
  /** Whether the rest of a line that is too long is being thrown away. */
  isSkipping: boolean
}

function* addChunk(cut: Cut, chunk: Uint8Array): Generator<Block> {
  let rest = cut.line === 1 && cut.length === 0 ? withoutMark(chunk) : chunk
  while (rest.length > 0) {
    if (cut.isSkipping) {
      const end = rest.indexOf(NEWLINE)
      if (end < 0) return
      yield giveTooLong(cut)
      rest = rest.subarray(end + 1)
    }
    const part = rest.subarray(0, cut.buffer.length - cut.length)
    cut.buffer.set(part, cut.length)
    cut.length += part.length
    rest = rest.subarray(part.length)
    if (cut.length === cut.buffer.length) yield* makeRoom(cut)
  }
}

/** Gives the whole lines of a full buffer, or makes it larger for the one line that fills it. */
function* makeRoom(cut: Cut): Generator<Block> {
  const { buffer, spare } = cut
  const end = lastLineEnd(cut)
  if (end > 0) yield give(cut, end)
  else if (buffer.length >= LINE_BYTES_MAX) {
    cut.isSkipping = true
    cut.length = 0
  } else {
    cut.buffer = roomFor(buffer.length, spare)
    cut.buffer.set(buffer)
    spare.giveBack(buffer.buffer)
  }
}

/** Behind the last newline; 0 when there is none. */
function lastLineEnd({ buffer, length }: Cut): number {
  return length === 0 ? 0 : bufferOf(buffer).lastIndexOf(NEWLINE, length - 1) + 1
}

/** Gives the first `end` bytes and keeps what is behind them for the next block. */
function give(cut: Cut, end: number): Block {
  const { buffer, length, line, spare } = cut
  const bytes = buffer.subarray(0, end)
  cut.buffer = roomFor(length - end, spare)
  cut.buffer.set(buffer.subarray(end, length))
  cut.length = length - end
  cut.line += countLines(bytes)
  return { bytes, firstLine: line, isTooLong: false }
}

function giveTooLong(cut: Cut): Block {
  const { line } = cut
  cut.isSkipping = false
  cut.line += 1
  return { bytes: new Uint8Array(0), firstLine: line, isTooLong: true }
}

function withoutMark(chunk: Uint8Array): Uint8Array {
  const isMarked = BYTE_ORDER_MARK.every((byte, at) => chunk[at] === byte)
  return isMarked ? chunk.subarray(BYTE_ORDER_MARK.length) : chunk
}

function countLines(bytes: Uint8Array): number {
  const buffer = bufferOf(bytes)
  let count = 0
  for (let at = buffer.indexOf(NEWLINE); at >= 0; at = buffer.indexOf(NEWLINE, at + 1)) count += 1
  return count
}

/** An ordinary buffer, or a larger one when the beginning of a long line has to go into it. */
function roomFor(length: number, spare: SpareBuffers): Uint8Array<ArrayBuffer> {
  let size = BLOCK_BYTES
  while (size <= length) size *= 2
  return new Uint8Array(size === BLOCK_BYTES ? spare.take() : new ArrayBuffer(size))
}

/** The same bytes: a Buffer searches them several times as fast. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
