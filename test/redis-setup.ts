// Owns the one Redis all tests share; each test has a prefix of its own in it.
import type { TestProject } from 'vitest/node'
import { startRedisServer } from './redis-server.mjs'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Path of the unix socket of a real, empty Redis without persistence. */
    redisSocket: string
  }
}

/** Starts it before the first test; what is returned stops it after the last one. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { socketPath, stop } = await startRedisServer()
  project.provide('redisSocket', socketPath)
  return stop
}
