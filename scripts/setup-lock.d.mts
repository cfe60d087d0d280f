// Owns the types of setup-lock.mjs, for the TypeScript that imports it.

/** Runs `work` while no other set-up holds the lock file. */
export function withSetupLock<T>(
  path: string,
  options: { readonly work: () => Promise<T>; readonly report: (text: string) => void },
): Promise<T>
