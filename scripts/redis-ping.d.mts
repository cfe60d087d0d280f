// Owns the types of redis-ping.mjs, for the TypeScript that imports it.

/** Resolves with the reply to a PING (`PONG`, or an error's text); rejects when there is none. */
export function pingRedis(socketPath: string, timeoutMs: number): Promise<string>
