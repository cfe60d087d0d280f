// Owns the types of setup.mjs, for the TypeScript that imports it.

/** Throws SetupError for a version such as `18.20.0` that is too old. */
export function checkNode(version: string): void
