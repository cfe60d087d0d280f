// Blocks of whole lines: no line is lost, split or counted wrongly, however the bytes arrive.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  BLOCK_BYTES,
  createSpareBuffers,
  LINE_BYTES_MAX,
  readBlocks,
} from '../../src/input/blocks.ts'

type Read = { readonly line: number; readonly text: string; readonly isTooLong: boolean }

async function linesOf(
  chunks: Iterable<Uint8Array | string>,
  isIdle: () => boolean = () => false,
): Promise<{ lines: Read[]; blocks: number[] }> {
  const lines: Read[] = []
  const blocks: number[] = []
  const spare = createSpareBuffers()
  async function* input() {
    yield* chunks
  }
  for await (const { bytes, firstLine, isTooLong } of readBlocks(input(), { spare, isIdle })) {
    blocks.push(bytes.length)
    const text = Buffer.from(bytes).toString()
    // Whoever works a block off gives its buffer back; what was read must not change by that.
    spare.giveBack(bytes.buffer)
    if (isTooLong) lines.push({ line: firstLine, text, isTooLong })
    else {
      const parts = text.endsWith('\n') ? text.slice(0, -1).split('\n') : text.split('\n')
      parts.forEach((part, at) => lines.push({ line: firstLine + at, text: part, isTooLong }))
    }
  }
  return { lines, blocks }
}

const texts = async (...chunks: (Uint8Array | string)[]) =>
  (await linesOf(chunks)).lines.map(({ line, text }) => `${line}:${text}`)

describe('readBlocks', () => {
  test.each([
    ['lines with and without an end', ['a\nb'], ['1:a', '2:b']],
    ['a line over chunks', ['a', 'b\nc', 'd', '\n'], ['1:ab', '2:cd']],
    ['empty lines, which count', ['\n\na\n\nb'], ['1:', '2:', '3:a', '4:', '5:b']],
    ['nothing', [], []],
    ['empty chunks', ['', 'a', ''], ['1:a']],
    ['a byte order mark, which is no text', ['\ufeffa\n\ufeffb'], ['1:a', '2:\ufeffb']],
    [
      'characters torn between chunks',
      [...Buffer.from('ä€😀\n')].map((b) => Buffer.of(b)),
      ['1:ä€😀'],
    ],
  ] as [string, (Uint8Array | string)[], string[]][])('%s', async (_name, chunks, expected) => {
    expect(await texts(...chunks)).toEqual(expected)
  })

  test('any lines in any chunks come out as they went in', async () => {
    const line = fc.string({ maxLength: 30 }).map((text) => text.replaceAll('\n', ''))
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 40 }),
        fc.array(fc.nat(60), { maxLength: 30 }),
        fc.boolean(),
        async (lines, sizes, idle) => {
          const bytes = Buffer.from(lines.map((text) => `${text}\n`).join('')).subarray()
          const chunks: Uint8Array[] = []
          let at = 0
          for (const size of sizes) {
            chunks.push(bytes.subarray(at, at + size))
            at = Math.min(bytes.length, at + size)
          }
          chunks.push(bytes.subarray(at))
          const read = await linesOf(chunks, () => idle)
          // A mark at the very beginning belongs to the file, not to its first line.
          const expected = lines.map((text, index) =>
            index === 0 ? text.replace(/^\ufeff/, '') : text,
          )
          expect(read.lines.map(({ text }) => text)).toEqual(expected)
          expect(read.lines.map((one) => one.line)).toEqual(lines.map((_, index) => index + 1))
        },
      ),
    )
  })

  test('blocks are full while nobody waits, and never much larger than a line', async () => {
    const line = `${'x'.repeat(999)}\n`
    const { lines, blocks } = await linesOf(Array.from({ length: 1_000 }, () => line))
    expect(lines).toHaveLength(1_000)
    expect(Math.max(...blocks)).toBeLessThanOrEqual(BLOCK_BYTES)
    expect(Math.min(...blocks.slice(0, -1))).toBeGreaterThan(BLOCK_BYTES - line.length)
  })

  test('who waits gets what has come', async () => {
    const { blocks } = await linesOf(['a\n', 'b\nc', '\n'], () => true)
    expect(blocks).toEqual([2, 2, 2])
  })

  test('a line larger than a block is held, with short ones around it', async () => {
    const long = 'y'.repeat(3 * BLOCK_BYTES + 5)
    const two = 'z'.repeat(2 * BLOCK_BYTES)
    const { lines } = await linesOf([`a\n${long}\nb\n${two}\n`, `${long}\nc`])
    expect(lines.map(({ text }) => text.length)).toEqual([
      1,
      long.length,
      1,
      two.length,
      long.length,
      1,
    ])
    expect(lines.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5, 6])
  })

  test.each([
    ['in the middle', '\nb\n', [1, 2, 3]],
    ['at the end', '', [1, 2]],
  ])('a line too long to be held is told, %s', async (_name, after, numbers) => {
    const chunk = 'x'.repeat(1_048_576)
    const count = LINE_BYTES_MAX / chunk.length + 2
    function* chunks() {
      yield 'a\n'
      for (let index = 0; index < count; index += 1) yield chunk
      yield after
    }
    const { lines, blocks } = await linesOf(chunks())
    expect(lines.map(({ line }) => line)).toEqual(numbers)
    expect(lines[1]).toEqual({ line: 2, text: '', isTooLong: true })
    expect(Math.max(...blocks)).toBeLessThan(10)
  })
})
