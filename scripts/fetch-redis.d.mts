// Owns the types of fetch-redis.mjs, for the TypeScript that imports it.

/** Names after `Depends:` of `apt-cache depends`; of alternatives the first. */
export function parseDependencies(text: string): readonly string[]
