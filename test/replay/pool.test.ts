// Threads answer in the order of the input, failures are told, and the real script does what this
// thread does.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Block, createSpareBuffers, readBlocks } from '../../src/input/blocks.ts'
import { createMatchJudge, type Judge, ruleSetsOf } from '../../src/replay/judge.ts'
import { createPool, type PoolOptions, threadsFor } from '../../src/replay/pool.ts'
import type { MatchAnswer, Task } from '../../src/replay/task.ts'
import type { RuleSet } from '../../src/ruleset.ts'
import { readRuleFiles } from '../../src/ruleset-files.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const BUILT = join(ROOT, 'dist/replay/thread.js')

const NO_TASK = {} as Task

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-pool-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

/** Answers with the number of the block's first line, some of them late. */
const ECHO = `
import { parentPort } from 'node:worker_threads'
parentPort.on('message', ({ bytes: { buffer }, firstLine }) => {
  if (firstLine % 3 === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
  if (firstLine === 13) throw new Error('this block is bad luck')
  parentPort.postMessage({ answer: 'thread ' + firstLine, buffer }, [buffer])
})
`

const here: Judge<string> = { judge: ({ firstLine }) => `here ${firstLine}` }

function poolOf(script: string, more: Partial<PoolOptions<string>> = {}) {
  const path = join(folder, 'script.mjs')
  writeFileSync(path, script)
  const spare = createSpareBuffers()
  const options = { threads: 2, threadsFromBytes: 1, script: pathToFileURL(path), ...more }
  return createPool({ task: NO_TASK, judge: here, spare, ...options })
}

async function* numbered(count: number): AsyncGenerator<Block> {
  for (let firstLine = 1; firstLine <= count; firstLine += 1) {
    yield { bytes: new Uint8Array(8), firstLine, isTooLong: false }
  }
}

const numbersIn = (answers: readonly string[]) => answers.map((text) => Number(text.split(' ')[1]))

describe('the pool', () => {
  test('gives answers in the order of the blocks, from threads and from here', async () => {
    const pool = poolOf(ECHO)
    const answers: string[] = []
    try {
      await pool.run(numbered(12), (answer) => answers.push(answer))
    } finally {
      await pool.close()
    }
    expect(numbersIn(answers)).toEqual(Array.from({ length: 12 }, (_, at) => at + 1))
    expect(answers.some((text) => text.startsWith('thread'))).toBe(true)
    expect(answers.some((text) => text.startsWith('here'))).toBe(true)
    expect(pool.isIdle()).toBe(true)
  })

  test('starts no thread for a small input', async () => {
    const pool = poolOf('throw new Error("started")', { threadsFromBytes: 1_000 })
    const answers: string[] = []
    await pool.run(numbered(10), (answer) => answers.push(answer))
    await pool.close()
    expect(answers).toEqual(Array.from({ length: 10 }, (_, at) => `here ${at + 1}`))
  })

  test('takes one answer after the other, however long that takes', async () => {
    const pool = poolOf(ECHO)
    let taking = 0
    let most = 0
    await pool.run(numbered(9), async () => {
      taking += 1
      most = Math.max(most, taking)
      await new Promise((done) => setImmediate(done))
      taking -= 1
    })
    await pool.close()
    expect(most).toBe(1)
  })

  test.each([
    ['a thread that fails', ECHO, 14, 'this block is bad luck'],
    ['a thread that can not be started', 'throw new Error("no rules")', 9, 'no rules'],
    ['a thread that ends', 'process.exit(0)', 9, 'a thread that judges entries ended'],
  ])('tells of %s', async (_name, script, count, message) => {
    // So many threads that none of these blocks is judged here.
    const pool = poolOf(script, { threads: 5 })
    await expect(pool.run(numbered(count), () => undefined)).rejects.toThrow(message)
    await pool.close()
  })

  test('ends when taking fails', async () => {
    const pool = poolOf(ECHO)
    const taken = pool.run(numbered(12), () => {
      throw new Error('nobody reads')
    })
    await expect(taken).rejects.toThrow('nobody reads')
    await pool.close()
  })
})

describe('the number of threads', () => {
  const files = (count: number, length: number) => {
    const file = { role: 'rule' as const, name: 'a', path: 'a.json', text: 'x'.repeat(length) }
    const set = { files: Array.from({ length: count }, () => file), problems: [], version: '1' }
    return { ruleFiles: [set], enrich: undefined }
  }
  const builtin = { country: 'builtin', asn: 'builtin' }

  test.each([
    ['one processor is this one', files(10, 1_000), 1, 0],
    ['two are this one and a thread', files(10, 1_000), 2, 1],
    ['many share the memory there is', files(10, 1_000), 64, 2],
    ['many rules need more of it', { ...files(1_000, 500), enrich: builtin }, 64, 1],
    ['a huge list is held once', files(1, 50_000_000), 64, 0],
  ])('%s', (_name, task, processors, expected) => {
    expect(threadsFor(task, processors)).toBe(expected)
  })
})

describe.runIf(existsSync(BUILT))('the script', () => {
  test('answers as this thread does', async () => {
    const task: Task = {
      kind: 'match',
      ruleFiles: [await readRuleFiles([join(ROOT, 'rules')])],
      schedules: [],
      reading: {
        timezone: 'Europe/Berlin',
        contract: undefined,
        readTimeMs: 0,
        timeField: undefined,
        idField: undefined,
        hashSeed: 1,
      },
      enrich: undefined,
    }
    const judge = () => createMatchJudge(ruleSetsOf(task)[0] as RuleSet, task.reading)
    const answersOf = async (threads: number): Promise<MatchAnswer[]> => {
      const spare = createSpareBuffers()
      const script = pathToFileURL(BUILT)
      const options = { task, judge: judge(), spare, threads, threadsFromBytes: 1, script }
      const pool = createPool<MatchAnswer>(options)
      const answers: MatchAnswer[] = []
      try {
        await pool.run(readBlocks(entries(), { spare, isIdle: () => false }), (answer) =>
          answers.push(answer),
        )
      } finally {
        await pool.close()
      }
      return answers
    }
    const answers = await answersOf(0)
    expect(answers.length).toBeGreaterThan(3)
    // Half of them are what a rule of the pack asks for; others may ask for more.
    expect(answers.reduce((sum, { matched }) => sum + matched, 0)).toBeGreaterThanOrEqual(2_000)
    expect(await answersOf(2)).toEqual(answers)
  })
})

/** Twice as many entries as match, and a line that is none among them. */
async function* entries(): AsyncGenerator<string> {
  for (let number = 1; number <= 4_000; number += 1) {
    const method = number % 2 === 0 ? 'DELETE' : 'GET'
    const param = { action: method, uri: `/cloudapi/v6/datacenters/${number}` }
    const meta = { time: '2026-11-20T10:00:00Z' }
    yield `${JSON.stringify({ meta, event: { type: 'RequestAccepted', param }, padding: 'x'.repeat(200) })}\n`
    if (number === 2_500) yield 'no JSON\n'
  }
}
