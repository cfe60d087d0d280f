// Owns where the Redis of the configuration is: its address, and the certificate authority read from
// its file. It connects nothing.
import { readFileSync } from 'node:fs'
import type { Config } from './config.ts'
import type { RedisTarget } from './state/connection.ts'

/** The file of the certificate authority can't be used; the message names it. */
export class RedisTargetError extends Error {
  override readonly name = 'RedisTargetError'
}

/** Undefined: the configuration names no Redis, the embedded one is meant. Throws RedisTargetError. */
export function redisTarget({ redis }: Pick<Config, 'redis'>): RedisTarget | undefined {
  const { url, caFile, sentinelUsername, sentinelPassword } = redis
  if (url === undefined) return undefined
  const ca = caFile === undefined ? undefined : readAuthority(caFile)
  return { url, ca, sentinelUsername, sentinelPassword }
}

function readAuthority(path: string): string {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    throw new RedisTargetError(`redis.caFile ${path}: ${code}`, { cause: error })
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  throw new RedisTargetError(`redis.caFile ${path}: it holds no certificate in PEM`)
}
