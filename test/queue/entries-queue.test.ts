// Owns the proof of what the entries queue knows of batches, and of the worker that ends them.
import { afterAll, expect, it, vi } from 'vitest'
import { silentLog } from '../../src/observe/log.ts'
import type { Pipeline } from '../../src/pipeline.ts'
import { createEntriesWorker, type EntriesWorker } from '../../src/queue/entries-worker.ts'
import { createEntriesQueue, type EntriesJob } from '../../src/queue/queues.ts'
import { createKeys } from '../../src/state/keys.ts'
import { openTestRedis } from '../state/redis.ts'

const test = openTestRedis()
afterAll(() => test.close())

let opened = 0

/** A queue of its own, and workers on it that evaluate as the test says. */
function open() {
  opened += 1
  const connections = {
    producer: test.redis,
    worker: test.redis,
    prefixOf: createKeys(`${test.prefix}-${opened}`).queue,
  }
  const queue = createEntriesQueue({ connections, log: silentLog })
  const finished: string[] = []
  const poisoned: string[] = []
  const work = (judge: (job: EntriesJob) => Promise<void>): EntriesWorker => {
    const evaluate = async (job: EntriesJob) => {
      await judge(job)
      return { ruleSetVersion: 'v1' }
    }
    return createEntriesWorker({
      connections,
      concurrency: 1,
      pipeline: { evaluate } as unknown as Pipeline,
      batches: { finish: async (_contract, { id }) => void finished.push(id) },
      log: silentLog,
      onPoisoned: async ({ id }) => void poisoned.push(id),
    })
  }
  return { queue, work, finished, poisoned }
}

function batch(id: string): EntriesJob {
  return { id, contract: '1', window: { from: 0, to: 9 }, readAt: 9, entries: [{ a: 1 }] }
}

const until = async (check: () => void): Promise<void> =>
  await vi.waitFor(check, { timeout: 20_000, interval: 20 })

it('knows which batches it does not hold', async () => {
  const { queue } = open()
  await queue.enqueue(batch('b-1'))
  expect(await queue.missing(['b-1', 'b-2'])).toEqual(['b-2'])
  await queue.close()
})

it('holds a batch once, however often it is put there', async () => {
  const { queue, work, finished } = open()
  await queue.enqueue(batch('b-1'))
  await queue.enqueue(batch('b-1'))
  expect(await queue.waiting()).toBe(1)
  const worker = work(async () => {})
  await until(() => expect(finished).toEqual(['b-1']))
  await worker.close()
  expect(await queue.missing(['b-1'])).toEqual(['b-1'])
  await queue.close()
})

it('a batch whose evaluation fails is not finished, and tried again', async () => {
  const { queue, work, finished, poisoned } = open()
  let tries = 0
  const worker = work(async () => {
    tries += 1
    if (tries === 1) throw new Error('Redis was away')
  })
  await queue.enqueue(batch('b-1'))
  await until(() => expect(finished).toEqual(['b-1']))
  expect([tries, poisoned]).toEqual([2, []])
  await worker.close()
  await queue.close()
})
