// Owns what is remembered of the requests that came: the latest ones, and how often each fault struck.
import type { Log } from '../observe/log.ts'
import type { AnswerFault } from './faults.ts'

/** One request as the simulator saw it. */
export type RequestRecord = {
  readonly atMs: number
  readonly method: string
  /** With its query, as sent. */
  readonly url: string
  /** Undefined for a connection that was reset. */
  readonly status: number | undefined
  readonly faults: readonly AnswerFault[]
}

export type RequestCounts = {
  readonly requests: number
  readonly faults: Readonly<Record<string, number>>
}

export type RequestLog = {
  note(record: RequestRecord): void
  /** The latest ones, oldest first. */
  requests(): readonly RequestRecord[]
  counts(): RequestCounts
}

/** Requests remembered: more than any test makes. */
const REQUESTS_KEPT_MAX = 10_000

export function createRequestLog(log: Log): RequestLog {
  const records: RequestRecord[] = []
  const faults: Record<string, number> = {}
  let requests = 0
  return {
    note(record) {
      requests += 1
      for (const name of record.faults) faults[name] = (faults[name] ?? 0) + 1
      if (records.length >= REQUESTS_KEPT_MAX) records.shift()
      records.push(record)
      const { method, url, status, faults: met } = record
      log.debug({ method, asked: url, status, met }, 'answered a request')
    },
    requests: () => records,
    counts: () => ({ requests, faults: { ...faults } }),
  }
}
