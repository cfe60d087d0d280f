// Owns who judges blocks: this thread while the input is small, several threads from then on.
// Answers come in the order of the blocks. How a block is judged: judge.ts.
import { availableParallelism } from 'node:os'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Block, SpareBuffers } from '../input/blocks.ts'
import type { Judge } from './judge.ts'
import type { Task } from './task.ts'

/** Threads cost a moment and memory of their own to start: shorter inputs are done before that. */
const THREADS_FROM_BYTES = 8_388_608

/** Of all threads together: with this one the process stays below 300 MB. */
const THREADS_MB_MAX = 130

/** What a thread takes by itself, for each rule, for each MB of text, and for data on addresses. */
const THREAD_MB = 50
const RULE_MB = 0.05
const TEXT_MB = 4
const ENRICHMENT_MB = 20

/** Blocks at one thread: others wait there while one is judged, here or there. */
const BLOCKS_PER_THREAD = 3

/**
 * Most of what a thread makes is garbage at once; a small nursery keeps its memory small without
 * costing time.
 */
const NURSERY_MB = 24

export type PoolOptions<Answer> = {
  readonly task: Task
  /** The same task for this thread. */
  readonly judge: Judge<Answer>
  readonly spare: SpareBuffers
  /** Threads beside this one; default: by the number of processors. */
  readonly threads?: number
  /** What runs in threads; default: thread.ts. */
  readonly script?: URL
  /** Bytes from which on threads are started. */
  readonly threadsFromBytes?: number
}

export type Pool<Answer> = {
  /**
   * Judges all blocks; `take` gets the answers in their order, one at a time. Throws what reading,
   * judging or taking throws, and then what is under way is lost.
   */
  run(blocks: AsyncIterable<Block>, take: (answer: Answer) => unknown): Promise<void>
  /** Whether nothing is under way. */
  readonly isIdle: () => boolean
  /** Ends the threads. */
  close(): Promise<void>
}

export function createPool<Answer>(options: PoolOptions<Answer>): Pool<Answer> {
  const { judge, spare, threadsFromBytes = THREADS_FROM_BYTES } = options
  const threadCount = options.threads ?? threadsFor(options.task)
  const threads: Thread<Answer>[] = []
  let underWay = 0
  let bytes = 0

  const hurry = (): void => {
    if (threads.length > 0 || bytes < threadsFromBytes) return
    for (let count = 0; count < threadCount; count += 1) threads.push(startThread(options))
  }

  const judgeHere = async (block: Block): Promise<Answer> => {
    const answer = judge.judge(block)
    spare.giveBack(block.bytes.buffer)
    // Signals and timers get their turn.
    await nextTurn()
    return answer
  }

  const judgeSomewhere = (block: Block): Promise<Answer> => {
    const free = threads.filter((thread) => thread.waiting() < BLOCKS_PER_THREAD)
    if (free.length === 0) return judgeHere(block)
    return free.reduce((best, one) => (one.waiting() < best.waiting() ? one : best)).judge(block)
  }

  return {
    async run(blocks, take) {
      const open: Promise<void>[] = []
      let last = Promise.resolve()
      for await (const block of blocks) {
        bytes += block.bytes.length
        hurry()
        underWay += 1
        last = takeAfter(last, judgeSomewhere(block), async (answer) => {
          await take(answer)
          underWay -= 1
        })
        open.push(last)
        // Twice what threads hold: as many again are judged here and wait for their turn. Fewer,
        // and this thread would wait as soon as the others have enough to do.
        while (open.length > 2 * threads.length * BLOCKS_PER_THREAD) await open.shift()
      }
      await last
    },
    isIdle: () => underWay === 0,
    async close() {
      await Promise.all(threads.map((thread) => thread.stop()))
    },
  }
}

/** How many threads beside this one: as many as there are processors and memory for. */
export function threadsFor(
  { ruleFiles, enrich }: Pick<Task, 'ruleFiles' | 'enrich'>,
  processors: number = availableParallelism(),
): number {
  const files = ruleFiles.flatMap((set) => set.files)
  const textMb = files.reduce((sum, file) => sum + file.text.length, 0) / 1_000_000
  const rulesMb = files.length * RULE_MB + textMb * TEXT_MB
  const eachMb = THREAD_MB + rulesMb + (enrich === undefined ? 0 : ENRICHMENT_MB)
  return Math.min(processors - 1, Math.floor(THREADS_MB_MAX / eachMb))
}

/** Takes an answer after the one before. Its failure may wait until somebody asks. */
function takeAfter<Answer>(
  before: Promise<void>,
  answer: Promise<Answer>,
  take: (answer: Answer) => Promise<void>,
): Promise<void> {
  const both = Promise.all([answer, before]).then(([value]) => take(value))
  both.catch(() => undefined)
  return both
}

type Thread<Answer> = {
  judge(block: Block): Promise<Answer>
  /** Blocks it has not answered. */
  waiting(): number
  stop(): Promise<void>
}

type Question<Answer> = {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

/** What thread.ts sends back. */
type Reply<Answer> = { readonly answer: Answer; readonly buffer: ArrayBuffer }

const SCRIPT = new URL('./thread.js', import.meta.url)

function startThread<Answer>({ task, spare, script }: PoolOptions<Answer>): Thread<Answer> {
  const worker = new Worker(script ?? SCRIPT, {
    workerData: task,
    resourceLimits: { maxYoungGenerationSizeMb: NURSERY_MB },
  })
  const questions: Question<Answer>[] = []
  let failure: Error | undefined
  const fail = (error: Error): void => {
    failure ??= error
    for (const { reject } of questions.splice(0)) reject(failure)
  }
  worker.on('message', ({ answer, buffer }: Reply<Answer>) => {
    spare.giveBack(buffer)
    questions.shift()?.resolve(answer)
  })
  worker.on('error', fail)
  worker.on('exit', () => fail(new Error('a thread that judges entries ended')))
  return {
    judge(block) {
      if (failure !== undefined) return Promise.reject(failure)
      return new Promise((resolve, reject) => {
        questions.push({ resolve, reject })
        worker.postMessage(block, [block.bytes.buffer])
      })
    },
    waiting: () => questions.length,
    async stop() {
      await worker.terminate()
    },
  }
}
