// Owns the types of key-census.mjs for the tests that are written in TypeScript.
import type { Redis } from 'ioredis'
import type { Keys } from '../../src/state/keys.ts'

export type Census = {
  readonly total: number
  readonly counts: Readonly<Record<string, number>>
  readonly unknown: readonly string[]
  readonly endless: readonly string[]
  readonly orphans: readonly string[]
}

export function takeCensus(
  redis: Redis,
  of: { readonly prefix: string; readonly keys: readonly Keys[] },
): Promise<Census>

export function familyNames(keys: Keys): readonly string[]
