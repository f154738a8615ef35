// The core of the fault suite, with real processes. run.ts describes the suite and its counts.
import { expect, test } from 'vitest'
import { FAULTS } from './faults.ts'
import { runSuite } from './suite.ts'

const CORE = [
  'kill -9: while fetching',
  'kill -9: during commit',
  'database: killed -9',
  'network: reset in the middle',
  'provider: odd answers',
  'provider: answers that break the rules',
]

test('killed, cut off and lied to, the program loses no answer and stores none twice', async () => {
  const faults = FAULTS.filter(({ name }) => CORE.includes(name))
  expect(faults).toHaveLength(CORE.length)
  const { problems, lines } = await runSuite({ seed: 1, minutes: 0, faults, isSmall: true })
  expect(problems).toEqual([])
  expect(lines.filter(({ injected }) => injected > 0).map(({ fault }) => fault)).toEqual(
    expect.arrayContaining(CORE),
  )
  const sum = (count: (line: (typeof lines)[number]) => number) =>
    lines.reduce((total, line) => total + count(line), 0)
  expect(sum(({ lost }) => lost)).toBe(0)
  expect(sum(({ doubled }) => doubled)).toBe(0)
  expect(sum(({ stored }) => stored)).toBeGreaterThan(200)
}, 150_000)
