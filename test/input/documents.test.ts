// A document over many lines becomes one line; lines stay lines.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { joinDocuments } from '../../src/input/documents.ts'

async function joined(text: string, cuts: readonly number[] = []): Promise<string> {
  const bytes = Buffer.from(text)
  const ends = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b)]
  const chunks = [...ends, bytes.length].map((end, at) => bytes.subarray(ends[at - 1] ?? 0, end))
  const found: Buffer[] = []
  async function* input() {
    yield* chunks
  }
  for await (const chunk of joinDocuments(input())) found.push(Buffer.from(chunk))
  return Buffer.concat(found).toString()
}

const linesOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as unknown)

describe('joinDocuments', () => {
  const object = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1, maxKeys: 4 })
  const cuts = fc.array(fc.nat(), { maxLength: 4 })

  test('one or several documents, however written and cut: one line each', async () => {
    const indent = fc.constantFrom(1, 2, '\t')
    const documents = fc.array(object, { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(documents, indent, cuts, async (values, space, at) => {
        const text = values.map((value) => JSON.stringify(value, undefined, space)).join('\n')
        // As JSON has them: it knows no -0.
        const written = values.map((value) => JSON.parse(JSON.stringify(value)) as unknown)
        expect(linesOf(await joined(`${text}\n`, at))).toEqual(written)
      }),
      { numRuns: 200 },
    )
  })

  test('lines are left as they are, byte for byte', async () => {
    const line = fc.oneof(
      object.map((value) => JSON.stringify(value)),
      fc.constantFrom('', '  ', '{', '{"a": [', '}', 'no', '\uFEFF{"a":1}'),
    )
    const first = object.map((value) => JSON.stringify(value))
    await fc.assert(
      fc.asyncProperty(first, fc.array(line, { maxLength: 6 }), cuts, async (head, rest, at) => {
        const text = [head, ...rest].join('\n')
        expect(await joined(text, at)).toBe(text)
      }),
      { numRuns: 200 },
    )
  })

  test.each([
    ['what an API answers with ?pretty', '{\n  "hits" : {\n    "hits" : [ ]\n  }\n}\n', 1],
    ['a brace that opens two levels', '{ "hits": {\n "hits": []\n}\n}\n', 1],
    ['a list', '[\n{\n"a":1\n},\n{\n"b":2\n}\n]\n', 1],
    ['no indentation at all', '{\n"a":{\n"b":1\n}\n}\n{\n"c":2\n}\n', 2],
    ['Windows lines and a byte order mark', '\uFEFF{\r\n  "a": 1\r\n}\r\n', 1],
    ['braces in texts', '{\n  "a": "}",\n  "b": "{"\n}\n', 1],
  ])('%s', async (_name, text, count) => {
    const lines = (await joined(text)).replace('\uFEFF', '')
    expect(linesOf(lines)).toHaveLength(count)
  })
})
