// Owns a collection of garbage when a test wants one: what only the work itself holds is gone afterwards.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Collects, and lets what that ends (weak references, finalizers) be seen to end. */
export async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let turn = 0; turn < 2; turn += 1) {
    collect()
    await new Promise((done) => setImmediate(done))
  }
}
