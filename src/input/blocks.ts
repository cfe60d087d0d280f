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
  options: BlockOptions,
): AsyncGenerator<Block> {
  const cutter = createCutter(options.spare)
  for await (const chunk of input) {
    yield* cutter.add(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
    if (options.isIdle()) yield* cutter.cut()
  }
  yield* cutter.end()
}

type Cutter = {
  add(chunk: Uint8Array): Generator<Block>
  /** The whole lines that have come. */
  cut(): Generator<Block>
  /** The rest, with or without a newline behind it. */
  end(): Generator<Block>
}

function createCutter(spare: SpareBuffers): Cutter {
  let buffer = new Uint8Array(spare.take())
  let length = 0
  let line = 1
  let isSkipping = false

  const block = (bytes: Uint8Array<ArrayBuffer>, isTooLong: boolean): Block => {
    const made = { bytes, firstLine: line, isTooLong }
    line += isTooLong ? 1 : countLines(bytes)
    return made
  }

  /** Behind the last newline; 0 when there is none. */
  const lastLineEnd = (): number =>
    length === 0 ? 0 : bufferOf(buffer).lastIndexOf(NEWLINE, length - 1) + 1

  /** Gives the first `end` bytes and keeps what is behind them for the next block. */
  const give = (end: number): Block => {
    const next = roomFor(length - end, spare)
    next.set(buffer.subarray(end, length))
    const made = block(buffer.subarray(0, end), false)
    buffer = next
    length -= end
    return made
  }

  /** Makes room behind a line that fills the whole buffer; false when it is too long. */
  const grow = (): boolean => {
    if (buffer.length >= LINE_BYTES_MAX) return false
    const larger = new Uint8Array(buffer.length * 2)
    larger.set(buffer)
    spare.giveBack(buffer.buffer)
    buffer = larger
    return true
  }

  /** The bytes of a chunk behind the line that is skipped. */
  function* skip(chunk: Uint8Array): Generator<Block, Uint8Array> {
    if (!isSkipping) return chunk
    const end = chunk.indexOf(NEWLINE)
    if (end < 0) return chunk.subarray(chunk.length)
    isSkipping = false
    yield block(new Uint8Array(0), true)
    return chunk.subarray(end + 1)
  }

  function* makeRoom(): Generator<Block> {
    const end = lastLineEnd()
    if (end > 0) yield give(end)
    else if (!grow()) {
      isSkipping = true
      length = 0
    }
  }

  return {
    *add(chunk) {
      let rest = line === 1 && length === 0 ? withoutMark(chunk) : chunk
      while (rest.length > 0) {
        rest = yield* skip(rest)
        const part = rest.subarray(0, buffer.length - length)
        buffer.set(part, length)
        length += part.length
        rest = rest.subarray(part.length)
        if (length === buffer.length) yield* makeRoom()
      }
    },
    *cut() {
      const end = lastLineEnd()
      if (end > 0) yield give(end)
    },
    *end() {
      if (isSkipping) yield block(new Uint8Array(0), true)
      else if (length > 0) yield block(buffer.subarray(0, length), false)
    },
  }
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
