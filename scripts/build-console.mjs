// Owns building the console: console/ → a folder of files with hashes in their names, each also
// compressed, so that the server compresses nothing. Says how large the script is.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { SetupError } from './setup-error.mjs'

/** What the console may cost whoever opens it, compressed; the editor is loaded when it is used. */
const SCRIPT_BYTES_MAX = 150 * 1024
const SMALL_BYTES = 1_000

/**
 * Builds into `outDir`, which must not exist. Returns the compressed size of the script in bytes:
 * of what every page loads, and of the editor. Throws SetupError.
 */
export async function buildConsole(root, outDir) {
  const resolve = createRequire(join(root, 'package.json')).resolve
  let vite
  try {
    vite = await import(
      pathToFileURL(join(resolve('vite/package.json'), '../dist/node/index.js')).href
    )
  } catch (error) {
    throw new SetupError(`vite is not installed (${error.code})`, 'run `npm ci --include=dev`')
  }
  try {
    await vite.build({
      configFile: false,
      root: join(root, 'console'),
      logLevel: 'error',
      oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
      build: {
        outDir,
        emptyOutDir: false,
        target: 'es2022',
        modulePreload: { polyfill: false },
        assetsInlineLimit: 0,
        sourcemap: false,
      },
    })
  } catch (error) {
    throw new SetupError(`the console does not build:\n  ${error.message}`, 'mend console/')
  }
  return compress(join(outDir, 'assets'))
}

function compress(assets) {
  const sizes = { script: 0, editor: 0 }
  for (const name of readdirSync(assets)) {
    const path = join(assets, name)
    const bytes = readFileSync(path)
    if (!statSync(path).isFile() || bytes.length < SMALL_BYTES) continue
    const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }
    const small = brotliCompressSync(bytes, options)
    writeFileSync(`${path}.br`, small)
    writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 8 }))
    if (name.endsWith('.js'))
      sizes[name.startsWith('rich-editor') ? 'editor' : 'script'] += small.length
  }
  if (sizes.script > SCRIPT_BYTES_MAX) {
    throw new SetupError(
      `the console's script is ${sizes.script} bytes compressed, at most ${SCRIPT_BYTES_MAX} are allowed`,
      'load what is large only when it is used',
    )
  }
  return sizes
}
