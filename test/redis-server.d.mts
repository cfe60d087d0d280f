// Owns the types of redis-server.mjs, for the TypeScript that imports it.

/** Starts a real, empty Redis without persistence; `stop` ends it and removes its folder. */
export function startRedisServer(): Promise<{
  readonly socketPath: string
  readonly stop: () => Promise<void>
}>
