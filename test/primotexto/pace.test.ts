import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createPace } from '../../src/primotexto/pace.ts'

const waits: number[] = []
vi.mock('node:timers/promises', () => ({ setTimeout: async (ms: number) => void waits.push(ms) }))

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

test('spreads requests evenly, however many are asked for at once', async () => {
  const pace = createPace(4)
  for (let request = 0; request < 6; request++) await pace(AbortSignal.any([]))
  expect(waits).toEqual([250, 500, 750, 1000, 1250])
})
