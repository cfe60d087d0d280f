// Owns how data about addresses fails to load: one classified error. Words for it are its callers'.

/** `unreadable`: the file can't be read. `damaged`: it is not what it should be. */
export type EnrichmentFailure = 'unreadable' | 'damaged' | 'wrong-kind' | 'not-built'

/** A file of data about addresses that can't be used. The message names the file. */
export class EnrichmentError extends Error {
  override readonly name = 'EnrichmentError'
  readonly code: string
  readonly reason: EnrichmentFailure
  /** The same file stays bad until somebody replaces it. */
  readonly retryable = false

  constructor(reason: EnrichmentFailure, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.reason = reason
    this.code = `ENRICHMENT_${reason.toUpperCase().replaceAll('-', '_')}`
  }
}
