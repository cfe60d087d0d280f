// Owns the types of packages.mjs, for the TypeScript that imports it.

/** Why node_modules needs an install, or undefined. */
export function staleReason(root: string): string | undefined

/** `npm ci` with the tools. Throws SetupError. */
export function installPackages(
  root: string,
  env?: Readonly<Record<string, string | undefined>>,
): Promise<void>
