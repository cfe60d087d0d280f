// Owns how a long proof becomes one file that plain Node runs: no types, no test runner around it.
import { mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'vite'

const ROOT = resolve(import.meta.dirname, '../..')

/** Several times as fast as in vitest. The file is gone when this process ends. */
export async function bundleWorker(source) {
  const folder = mkdtempSync(join(ROOT, 'node_modules', '.fuzz-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'warn',
    build: {
      ssr: join(ROOT, source),
      outDir: folder,
      target: 'node20',
      minify: false,
      // The loader asks by `0 < value` whether a value throws; a bundler would drop that as unused.
      rolldownOptions: {
        treeshake: false,
        output: { entryFileNames: 'worker.mjs', minify: false },
      },
    },
  })
  return join(folder, 'worker.mjs')
}
