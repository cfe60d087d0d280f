// Owns a thread that judges blocks: it builds the rules of its task once, then answers block by
// block. Who starts it and reads the answers: pool.ts.
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../clock.ts'
import type { LookUp } from '../core/event.ts'
import { openEnrichment } from '../enrich/geo.ts'
import type { Block } from '../input/blocks.ts'
import { silentLog } from '../observe/log.ts'
import type { RuleSet } from '../ruleset.ts'
import { createBacktestJudge } from './backtest-judge.ts'
import { createMatchJudge, type Judge, ruleSetsOf } from './judge.ts'
import type { Task } from './task.ts'

const task = workerData as Task
const judge = createJudge(await openLookUp(task))

parentPort?.on('message', (block: Block) => {
  const answer = judge.judge(block)
  // The buffer goes back with the answer: the next block is read into it.
  const { buffer } = block.bytes
  parentPort?.postMessage({ answer, buffer }, [buffer, ...buffersOf(answer)])
})

function createJudge(lookUp: LookUp | undefined): Judge<object> {
  const { kind, reading } = task
  const ruleSets = ruleSetsOf(task)
  return kind === 'match'
    ? createMatchJudge(ruleSets[0] as RuleSet, reading, lookUp)
    : createBacktestJudge(ruleSets, reading, lookUp)
}

async function openLookUp({ enrich }: Task): Promise<LookUp | undefined> {
  if (enrich === undefined) return undefined
  return (await openEnrichment({ ...enrich, clock: systemClock, log: silentLog })).lookUp
}

/** The typed arrays of an answer are handed over, not copied. */
function buffersOf(answer: object): ArrayBuffer[] {
  return Object.values(answer).flatMap((value: unknown) =>
    ArrayBuffer.isView(value) && value.buffer instanceof ArrayBuffer ? [value.buffer] : [],
  )
}
