// Owns counting: a reporter of vitest that writes how many tests passed and failed to a file.
import { writeFileSync } from 'node:fs'

/** Used by scripts/test.mjs, which names the file in TOCSIN_TEST_COUNTS. */
export default class CountReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length }
    for (const module of modules) {
      const tests = [...module.children.allTests()]
      const failed = tests.filter((test) => test.result().state === 'failed').length
      counts.passed += tests.filter((test) => test.result().state === 'passed').length
      counts.failed += failed
      // A file that could not be loaded, or whose hooks failed, failed as a whole.
      if (module.state() === 'failed' && failed === 0) counts.failed += 1
    }
    writeFileSync(process.env.TOCSIN_TEST_COUNTS, JSON.stringify(counts))
  }
}
