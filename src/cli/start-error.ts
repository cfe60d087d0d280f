// Owns the words for what keeps the service from starting.
import { EmbeddedRedisError } from '../embedded-redis.ts'
import { EnrichmentError } from '../enrich/error.ts'
import { ListenError } from '../http/listen.ts'
import { RedisTargetError } from '../redis-target.ts'
import { RuleFolderError } from '../ruleset-files.ts'
import { SourceConfigError } from '../source/errors.ts'
import { CommandError } from './context.ts'

/** A CommandError for every cause a user can mend; anything else comes back as it is. */
export function explainStart(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted || !(error instanceof Error)) return error
  if (error instanceof SourceConfigError)
    return new CommandError(2, error.message, error.remedy, error)
  if (error instanceof RuleFolderError) {
    return new CommandError(2, error.message, 'check --rules, TOCSIN_RULES or "rules"', error)
  }
  if (error instanceof EnrichmentError) {
    return new CommandError(2, error.message, 'check "enrich" in the configuration', error)
  }
  if (error instanceof RedisTargetError) {
    return new CommandError(2, error.message, 'name a PEM file that this user may read', error)
  }
  if (error instanceof ListenError) return new CommandError(3, error.message, error.remedy, error)
  if (error instanceof EmbeddedRedisError || error.name === 'RedisNotFoundError') {
    const remedy = 'run `tocsin redis install`, or set REDIS_URL to a Redis of yours'
    return new CommandError(3, error.message, remedy, error)
  }
  return error
}
