// Owns the types of build-asn.mjs, for the TypeScript that imports it.

/** Writes `enrich/asn.bin` into a build in the making. Throws SetupError. */
export function writeAsnTable(root: string, made: string): void

/** The bytes of a table from lists of `first,last,number,name`. Throws SetupError. */
export function encodeAsnTable(lists: {
  readonly v4: string
  readonly v6: string
  readonly builtAt: number
  readonly recipe?: Buffer
}): Buffer
