// Owns the types of find-redis.mjs, for the TypeScript that imports it.

/** A server program that was seen to work; `env` is all it needs of the environment. */
export type RedisServer = {
  readonly kind: 'path' | 'kept' | 'fetched'
  readonly command: string
  readonly env: Readonly<Record<string, string>>
}

export type FindRedisOptions = {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly dataDir?: string
  /** false: never use the network. */
  readonly fetch?: boolean
  readonly report?: (line: string) => void
}

/** No usable Redis: the message says what was tried and what to do. */
export class RedisNotFoundError extends Error {}

/** The data folder: TOCSIN_DATA_DIR, else `.tocsin` in the project. */
export function dataFolder(env?: Readonly<Record<string, string | undefined>>): string

/** `{ kind: 'url' }` when REDIS_URL is set, else what findRedisServer finds. */
export function findRedis(options?: FindRedisOptions): Promise<RedisServer | { kind: 'url' }>

/** A server that was seen to start and to answer. Throws RedisNotFoundError. */
export function findRedisServer(options?: FindRedisOptions): Promise<RedisServer>
