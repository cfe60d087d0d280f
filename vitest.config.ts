// Owns how tests are found and run: unit tests need nothing, the others get one real Redis.
import { configDefaults, defineConfig } from 'vitest/config'
import { LongestFirst } from './test/longest-first.ts'

/**
 * Tests that leave nothing behind in the process: their files share what a worker has loaded, which
 * saves most of the time that loading took. The others change their environment, or start services.
 */
const SHARING = [
  'test/{core,notify,backtest,input,replay,raise,oracle,simulator,state,source,queue}/**/*.test.ts',
]

export default defineConfig({
  test: {
    globalSetup: ['test/redis-setup.ts'],
    pool: 'forks',
    // One more than the processors of the machine that the suite is to fit: a third of the time tests wait.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ['default'],
    projects: [
      {
        extends: true,
        test: {
          name: 'alone',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...SHARING],
          // Whole services on a machine that is busy: only a hang meets these.
          testTimeout: 120_000,
          hookTimeout: 60_000,
          // A machine that is shared can starve one of a hundred processes: tried once more, and shown as such.
          retry: process.env['CI'] ? 1 : 0,
        },
      },
      { extends: true, test: { name: 'sharing', include: SHARING, isolate: false } },
    ],
  },
})
