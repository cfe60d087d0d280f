// Owns JSON documents written over many lines, as people save them: each becomes one line, so that
// everything behind here knows lines only. Cutting lines: blocks.ts.

/** The first line of a document shows within so many bytes that it is one. */
const HEAD_BYTES_MAX = 256

const NEWLINE = 10
const SPACE = 32
const OPEN = 123
const CLOSE = 125

/** What is empty between two tokens of JSON. */
const BLANK: readonly number[] = [9, NEWLINE, 13, SPACE]

const BYTE_ORDER_MARK = '\uFEFF'

/**
 * The same bytes, unless they begin with a document over many lines: then its newlines become
 * spaces, and one stands between two documents only.
 */
export async function* joinDocuments(
  input: AsyncIterable<Uint8Array | string>,
): AsyncGenerator<Uint8Array> {
  let head: Buffer | undefined = Buffer.alloc(0)
  const join = createJoiner()
  let isDocument = false
  for await (const chunk of input) {
    const bytes = bytesOf(chunk)
    if (head !== undefined) {
      head = Buffer.concat([head, bytes])
      const line = firstLine(head)
      if (line === undefined && head.length < HEAD_BYTES_MAX) continue
      isDocument = line !== undefined && beginsDocument(line)
      yield* isDocument ? join(head) : [head]
      head = undefined
    } else yield* isDocument ? join(bytes) : [bytes]
  }
  if (head !== undefined && head.length > 0) yield head
}

function bytesOf(chunk: Uint8Array | string): Buffer {
  if (typeof chunk === 'string') return Buffer.from(chunk)
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}

/** The first line that is not empty, once it is whole and short. */
function firstLine(head: Buffer): string | undefined {
  const text = head.toString('utf8', 0, HEAD_BYTES_MAX).replace(BYTE_ORDER_MARK, '')
  return /^\s*(\S.*)\r?\n/.exec(text)?.[1]
}

/** A line that was cut off by accident seldom ends where an object or a list just begins. */
function beginsDocument(line: string): boolean {
  return /^[{[]/.test(line) && /[{[]\s*$/.test(line)
}

/**
 * Texts of JSON hold no newline, so every newline is blank; and where `}` meets `{` without a comma
 * one document ends and the next begins.
 */
function createJoiner(): (bytes: Buffer) => Generator<Uint8Array> {
  let last = 0
  let hasNewline = false
  return function* join(bytes) {
    const joined = Buffer.from(bytes)
    let start = 0
    for (let at = 0; at < joined.length; at += 1) {
      const byte = joined[at] ?? 0
      if (byte === NEWLINE) {
        joined[at] = SPACE
        hasNewline = true
      }
      if (BLANK.includes(byte)) continue
      if (byte === OPEN && last === CLOSE && hasNewline) {
        yield joined.subarray(start, at)
        yield Buffer.from([NEWLINE])
        start = at
      }
      last = byte
      hasNewline = false
    }
    yield joined.subarray(start)
  }
}
