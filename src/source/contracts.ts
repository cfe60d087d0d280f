// Owns which contracts are read: a fixed list, or whatever the credentials reach.
import type { ActivityLogClient } from './client.ts'

export type ContractSource = {
  /** Contract numbers, each once. Throws a SourceError. */
  list(signal: AbortSignal): Promise<readonly string[]>
  /** How long a list holds; undefined: for ever. */
  readonly refreshMs: number | undefined
}

/** Contracts are opened rarely, and the first hour of a new one is read when it is found. */
const REFRESH_MS = 3_600_000

export function fixedContracts(contracts: readonly string[]): ContractSource {
  const list = [...new Set(contracts)]
  return { list: async () => list, refreshMs: undefined }
}

export function reachableContracts(client: Pick<ActivityLogClient, 'contracts'>): ContractSource {
  return { list: async (signal) => await client.contracts(signal), refreshMs: REFRESH_MS }
}
