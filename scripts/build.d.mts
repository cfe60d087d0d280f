// Owns the types of build.mjs, for the TypeScript that imports it.

/** Whether dist/ below `root` is what the sources say. */
export function isBuilt(root?: string): boolean

/** Replaces dist/ as a whole. Throws SetupError. */
export function build(root?: string): Promise<{ script: number; editor: number } | undefined>
