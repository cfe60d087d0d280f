// Owns where what comes with the program lies: in a clone, an installed package and an unpacked single file
// alike. It reads nothing but the version.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Deeper than any file of the program lies below its folder. */
const LEVELS_MAX = 5

/** The folder with package.json, above src/ or dist/. */
const ROOT = findRoot(import.meta.dirname)

/** Some are made by the build, so that a clone may not have them yet. */
export const INSTALLED = {
  rules: join(ROOT, 'rules'),
  scenarios: join(ROOT, 'scenarios'),
  ruleSchema: join(ROOT, 'schema', 'rule.schema.json'),
  console: join(ROOT, 'dist', 'http', 'console'),
  networks: join(ROOT, 'dist', 'enrich', 'asn.bin'),
} as const

/** As package.json has it. */
export function readVersion(): string {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    version: string
  }
  return version
}

function findRoot(start: string): string {
  let folder = start
  for (let level = 0; level < LEVELS_MAX; level += 1) {
    if (existsSync(join(folder, 'package.json'))) return folder
    folder = dirname(folder)
  }
  throw new Error(`no package.json above ${start}: the installation is not whole`)
}
