// Owns going through the lines of a block: every entry with its line, and the lines without one.
import { isAscii } from 'node:buffer'
import { type Block, LINE_BYTES_MAX } from '../input/blocks.ts'
import { parseLine } from '../input/ndjson.ts'
import type { BadLine, LineTally } from './task.ts'

/** Faulty lines of one block that are told one by one; the others are only counted. */
const BAD_LINES_MAX = 20

const NEWLINE = 10

const SPACES = /^\s*$/

/** Calls `visit` for every entry of a block, in order. */
export function visitEntries(
  block: Block,
  visit: (entry: unknown, line: number) => void,
): LineTally {
  const bad: BadLine[] = []
  let badCount = 0
  let entries = 0
  const refuse = (line: number, problem: string) => {
    badCount += 1
    if (bad.length < BAD_LINES_MAX) bad.push({ line, problem })
  }
  if (block.isTooLong) refuse(block.firstLine, `longer than ${LINE_BYTES_MAX} bytes`)
  const buffer = Buffer.from(block.bytes.buffer, block.bytes.byteOffset, block.bytes.byteLength)
  // Nearly all logs are ASCII, which takes a fraction of the time to decode and to parse.
  const encoding = isAscii(buffer) ? 'latin1' : 'utf8'
  let line = block.firstLine
  for (let start = 0; start < buffer.length; line += 1) {
    const newline = buffer.indexOf(NEWLINE, start)
    const end = newline < 0 ? buffer.length : newline
    // Line by line: the text of a whole block would be garbage of the expensive kind.
    const content = buffer.toString(encoding, start, end)
    start = end + 1
    if (content === '') continue
    const found = parseLine({ text: content })
    if ('entries' in found) {
      entries += found.entries.length
      for (const entry of found.entries) visit(entry, line)
    } else if (!SPACES.test(content)) refuse(line, found.problem)
  }
  return { entries, badCount, bad }
}
