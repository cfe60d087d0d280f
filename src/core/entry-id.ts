// Owns the identity of an entry: the log's own id, else a hash of what the entry says. Not who saw
// it before.
import { hash } from 'node:crypto'
import { canonicalJson } from './canonical-json.ts'

/** An id is a key in many stores: short, printable, without spaces. A UUID has 36 characters. */
const OWN_ID = /^[!-~]{1,128}$/

/** Half of SHA-256: a collision among 10¹² entries is less likely than 10⁻¹⁴. */
const HASH_DIGITS = 32

/**
 * The id of an entry (the inner `_source`): `@uuid` when it can be an id, else a hash of the
 * canonical entry and the contract. The order of keys and the way an entry came here don't matter.
 */
export function entryId(source: object, contract: string | undefined): string {
  return ownId(source) ?? hashId(source, contract)
}

/** `@uuid` when it can be an id. */
export function ownId(source: object): string | undefined {
  const own = '@uuid' in source ? source['@uuid'] : undefined
  return typeof own === 'string' && OWN_ID.test(own) ? own : undefined
}

/** The id by a field that was named for another log: text or number, else the hash. */
export function namedId(source: object, named: unknown, contract: string | undefined): string {
  return ownNamedId(named) ?? hashId(source, contract)
}

/** What a field of another log holds, when it can be an id. */
export function ownNamedId(named: unknown): string | undefined {
  const own = typeof named === 'number' ? String(named) : named
  return typeof own === 'string' && OWN_ID.test(own) ? own : undefined
}

function hashId(source: object, contract: string | undefined): string {
  const text = `${contract ?? ''}\n${canonicalJson(source)}`
  return `h${hash('sha256', text, 'hex').slice(0, HASH_DIGITS)}`
}
