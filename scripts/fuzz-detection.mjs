// Owns many more cases of detection over time than `npm test` runs: random rules, orders, repeats, crashes
// and resolutions against the oracle, in memory and on a real Redis.
//   npm run fuzz:detection                     100,000 cases per kind in memory, 5,000 on Redis
//   npm run fuzz:detection -- 2000 100         so many
import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '..')
const MEMORY_CASES = '100000'
const REDIS_CASES = '5000'

const [memory = MEMORY_CASES, redis = REDIS_CASES] = process.argv.slice(2)
const isHelp = process.argv.some((word) => word === '--help' || word === '-h')
const isNumber = (word) => /^[1-9][0-9]{0,8}$/.test(word)

if (isHelp || !isNumber(memory) || !isNumber(redis)) {
  process.stdout.write(
    'Usage: npm run fuzz:detection -- [CASES IN MEMORY] [CASES ON REDIS]\n\nExample:\n  npm run fuzz:detection -- 2000 100\n',
  )
  process.exit(isHelp ? 0 : 2)
}
const { status } = spawnSync(
  process.execPath,
  [
    join(ROOT, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--reporter=verbose',
    'test/oracle/pipeline.test.ts',
    'test/oracle/pipeline-redis.test.ts',
  ],
  {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, CASES: memory, REDIS_CASES: redis },
  },
)
process.exit(status ?? 1)
