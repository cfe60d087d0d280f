// Owns how Lua scripts are called: by hash, pipelined, loaded again when Redis forgot them.
import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'

export type Script = { readonly name: string; readonly sha: string; readonly lua: string }

export type ScriptCall = {
  readonly keys: readonly string[]
  readonly args: readonly (string | number)[]
}

/** Names a script; its header says what KEYS, ARGV and the answer are. */
export function defineScript(name: string, lua: string): Script {
  return { name, lua, sha: createHash('sha1').update(lua).digest('hex') }
}

/**
 * Runs a script once per call, all calls of one slot in one round trip, and returns the answers in
 * order. Throws the first error; a script unknown to Redis (restart, failover) is loaded and tried
 * again.
 */
export async function runScript(
  redis: Redis,
  script: Script,
  calls: readonly ScriptCall[],
): Promise<readonly unknown[]> {
  if (calls.length === 0) return []
  const answers = await pipeline(redis, script, calls)
  const unknown = answers.flatMap(([error], index) => (isUnknownScript(error) ? [index] : []))
  if (unknown.length > 0) {
    const again = await pipeline(
      redis,
      script,
      unknown.map((index) => calls[index] as ScriptCall),
      'load',
    )
    again.forEach((answer, at) => {
      answers[unknown[at] as number] = answer
    })
  }
  return answers.map(([error, value]) => {
    if (error) throw new Error(`script ${script.name}: ${error.message}`, { cause: error })
    return value
  })
}

type Answer = [Error | null, unknown]

/** In a cluster what lies in different slots may be on different servers: a pipeline for each. */
async function pipeline(
  redis: Redis,
  script: Script,
  calls: readonly ScriptCall[],
  how: 'known' | 'load' = 'known',
): Promise<Answer[]> {
  if (!redis.isCluster) return await pipelineOfSlot(redis, script, calls, how)
  const slots = new Map<string, number[]>()
  for (const [at, { keys }] of calls.entries()) {
    const slot = slotTag(keys[0] ?? '')
    slots.set(slot, [...(slots.get(slot) ?? []), at])
  }
  const answers: Answer[] = []
  await Promise.all(
    [...slots.values()].map(async (places) => {
      const some = places.map((at) => calls[at] as ScriptCall)
      const found = await pipelineOfSlot(redis, script, some, how)
      places.forEach((place, at) => {
        answers[place] = found[at] as Answer
      })
    }),
  )
  return answers
}

async function pipelineOfSlot(
  redis: Redis,
  script: Script,
  calls: readonly ScriptCall[],
  how: 'known' | 'load',
): Promise<Answer[]> {
  const commands = redis.pipeline()
  for (const [at, { keys, args }] of calls.entries()) {
    // EVAL also makes it known, and to the very server that has the keys.
    if (how === 'load' && at === 0) commands.eval(script.lua, keys.length, ...keys, ...args)
    else commands.evalsha(script.sha, keys.length, ...keys, ...args)
  }
  const answers = await commands.exec()
  if (answers === null) throw new Error(`script ${script.name}: the pipeline was discarded`)
  return answers
}

/** The part of a key that decides about its slot. */
function slotTag(key: string): string {
  return /\{([^}]+)\}/.exec(key)?.[1] ?? key
}

function isUnknownScript(error: Error | null): boolean {
  return error?.message.startsWith('NOSCRIPT') ?? false
}
