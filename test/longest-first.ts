// Owns the order of the test files: those that take longest begin first, so that the run does not end with
// one worker at work and the others idle.
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Whole services and browsers, from the longest on; most of their time they wait. */
const LONGEST = [
  'test/console/console.test.ts',
  'test/stranger.test.ts',
  'test/acceptance/detection.test.ts',
  'test/release.test.ts',
  'test/oracle/pipeline.test.ts',
  'test/oracle/pipeline-redis.test.ts',
  'test/embedded-redis.test.ts',
  'test/acceptance/deliveries.test.ts',
  'test/source/reader.test.ts',
  'test/acceptance/redis-production.test.ts',
  'test/notify/email.test.ts',
]

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = LONGEST.findIndex((path) => moduleId.endsWith(path))
      return at < 0 ? LONGEST.length : at
    }
    return (await super.sort(files)).sort((left, right) => rank(left) - rank(right))
  }
}
