// A value that is read now and then: many who ask cost one reading, and a failure costs none.
import { expect, test } from 'vitest'
import { cached } from '../../src/serve/prometheus/cached.ts'

const options = { maxAgeMs: 0, share: Number.POSITIVE_INFINITY, patienceMs: 10_000, onError: () => {} }

test('who asks while it is being read gets the same; cached as long as it is good', async () => {
  let readings = 0
  const value = cached(async () => ++readings, { ...options, maxAgeMs: 60_000 })
  expect(await Promise.all([value.get(), value.get()])).toEqual([1, 1])
  expect(await value.get()).toBe(1)
  expect(value.isWell).toBe(true)
})

test('what took long to read is cached for longer', async () => {
  let readings = 0
  const slow = async () => {
    const untilMs = performance.now() + 5
    while (performance.now() < untilMs);
    return ++readings
  }
  const value = cached(slow, { ...options, share: 1e-6 })
  await value.get()
  expect(await value.get()).toBe(1)
})

test('after a failure the value of before, and another try', async () => {
  const outcomes: (number | Error)[] = [1, new Error('away'), 2]
  const told: unknown[] = []
  const read = async () => {
    const outcome = outcomes.shift()!
    if (typeof outcome !== 'number') throw outcome
    return outcome
  }
  const value = cached(read, { ...options, onError: (error) => told.push(error) })
  const seen = []
  for (let i = 0; i < 3; i += 1) seen.push([await value.get(), value.isWell])
  expect(seen).toEqual([
    [1, true],
    [1, false],
    [2, true],
  ])
  expect(told).toEqual([new Error('away')])
})

test('nobody waits for a reading that hangs', async () => {
  const hanging = Promise.withResolvers<number>()
  const value = cached(() => hanging.promise, { ...options, patienceMs: 10 })
  expect([await value.get(), value.isWell]).toEqual([null, false])
  hanging.resolve(7)
  expect([await value.get(), value.isWell]).toEqual([7, true])
})
