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
 * Runs a script once per call in one round trip, and returns the answers in order.
 * Throws the first error; a script unknown to Redis (restart, failover) is loaded and tried again.
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
    await redis.script('LOAD', script.lua)
    const again = await pipeline(
      redis,
      script,
      unknown.map((index) => calls[index] as ScriptCall),
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

async function pipeline(redis: Redis, script: Script, calls: readonly ScriptCall[]) {
  const commands = redis.pipeline()
  for (const { keys, args } of calls) {
    commands.evalsha(script.sha, keys.length, ...keys, ...args)
  }
  const answers = await commands.exec()
  if (answers === null) throw new Error(`script ${script.name}: the pipeline was discarded`)
  return answers as [Error | null, unknown][]
}

function isUnknownScript(error: Error | null): boolean {
  return error?.message.startsWith('NOSCRIPT') ?? false
}
