import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Of half a minute each, one test after the other: begun last, they would be waited for alone. */
const LONG = [
  'secrets',
  'away',
  'core',
  'browser',
  'start',
  'sync',
  'properties',
  'daemon',
  'embedded',
  'tick',
]

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONG.indexOf(/([^/]+)\.test\.ts$/.exec(moduleId)?.[1] ?? '')
      return place < 0 ? LONG.length : place
    }
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/helpers/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // the tests wait for servers and child programs more than they compute
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
  },
})
