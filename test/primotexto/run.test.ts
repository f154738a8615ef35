import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { describe, expect, test, vi } from 'vitest'
import { retryAfterMs } from '../../src/primotexto/retry-after.ts'
import { answer, categoryOf, failureOf, never, type Provider, sent, withClient, withRun } from './provider.ts'

/** Responds with 503 to the first request of each category, then with a reading. */
function failingOnce(headers = {}): RequestListener {
  const seen = new Set<string | null>()
  return (request, response) => {
    const category = categoryOf(request)
    if (category === 'probe' || seen.has(category)) return answer(response, 200, sent(1))
    seen.add(category)
    answer(response, 503, '', headers)
  }
}

/** Lets a retry of 1 or 2 ms happen, if it is going to: other requests go to and fro meanwhile. */
async function settled({ baseUrl }: Provider): Promise<void> {
  await withClient({ baseUrl }, async (client) => {
    const fetchStats = client.run(never)
    for (let round = 0; round < 30; round++) await fetchStats('probe')
  })
}

const without = (category: string, all: (string | null)[]) => all.filter((other) => other !== category)

describe('retries', () => {
  test('end with the first good answer', () =>
    withRun(failingOnce(), async (fetchStats) => {
      expect(await fetchStats('a')).toMatchObject({ attempts: 2, result: { kind: 'reading' } })
    }))

  test.each(['soon', '-1', '0', '1.5e9', 'Thu, 01 Jan 1970 00:00:00 GMT'])(
    'a Retry-After of %s is ignored',
    (header) =>
      withRun(failingOnce({ 'Retry-After': header }), async (fetchStats) => {
        expect(await fetchStats('a')).toMatchObject({ attempts: 2 })
      }),
  )

  test.each([
    ['seconds', '50'],
    ['absurd seconds', '99999999999999999999'],
    ['a date', new Date(Date.now() + 3_600_000).toUTCString()],
  ])('a Retry-After in %s is waited for, without a slot, and a stop ends the wait', async (_what, header) => {
    const stop = new AbortController()
    await withRun(
      failingOnce({ 'Retry-After': header }),
      async (fetchStats, provider) => {
        const waiting = fetchStats('a')
        await settled(provider)
        const other = failureOf(fetchStats('b').then(() => fetchStats('c')))
        await settled(provider)
        expect(without('probe', provider.categories())).toEqual(['a', 'b'])
        stop.abort(new Error('SIGTERM'))
        await expect(waiting).rejects.toThrow('SIGTERM')
        await expect(other).rejects.toThrow('SIGTERM')
        await settled(provider)
        expect(without('probe', provider.categories())).toEqual(['a', 'b'])
      },
      { concurrency: 1 },
      stop.signal,
    )
  })

  test('the wait a provider asks for has a ceiling', () => {
    const now = Date.UTC(2026, 2, 10, 8)
    for (const [header, expected] of [
      [undefined, null],
      ['', null],
      ['7', 7_000],
      [' 7 ', 7_000],
      ['0', null],
      ['-5', null],
      ['3600', 60_000],
      ['9'.repeat(400), 60_000],
      ['Tue, 10 Mar 2026 08:00:07 GMT', 7_000],
      ['Tuesday, 10-Mar-26 08:00:07 GMT', 7_000],
      ['Tue, 10 Mar 2026 07:59:59 GMT', null],
      ['Tue, 10 Mar 2099 08:00:00 GMT', 60_000],
      ['Tue, 99 Mar 2026 08:00:07 GMT', null],
      ['2099-03-10T08:00:00Z', null],
      ['soon 2099', null],
    ] as const) {
      expect([header, retryAfterMs(header, now)]).toEqual([header, expected])
    }
  })
})

describe('a refused account', () => {
  const categories = Array.from({ length: 200 }, (_, index) => `category ${index}`)
  test.each([
    ['authentication', 401, ''],
    ['account', 200, '{"code":71}'],
  ])('%s: ends the run without hammering, and the next run starts afresh', (expected, status, body) => {
    let isRefused = true
    return withRun(
      (_request, response) => (isRefused ? answer(response, status, body) : answer(response, 200, sent(1))),
      async (fetchStats, provider, client) => {
        const errors = await Promise.all(categories.map((category) => failureOf(fetchStats(category))))
        expect(new Set(errors.map((error) => error.class))).toEqual(new Set([expected]))
        expect(errors.map((error) => error.category)).toEqual(categories)
        expect(errors.at(-1)).toMatchObject({ attempts: 0, httpStatus: status, cause: errors[0] })
        expect(await failureOf(fetchStats('late'))).toMatchObject({ class: expected, attempts: 0 })
        expect(provider.requests.length).toBeLessThanOrEqual(4)

        isRefused = false
        expect(await client.run(never)('late')).toMatchObject({ attempts: 1 })
      },
      { concurrency: 4 },
    )
  })

  test('stops the retries of other categories too', () =>
    withRun(
      (request, response) =>
        answer(response, categoryOf(request) === 'b' ? 401 : 503, '', { 'Retry-After': '50' }),
      async (fetchStats, provider) => {
        const waiting = failureOf(fetchStats('a'))
        await vi.waitFor(() => expect(provider.categories()).toEqual(['a']))
        await failureOf(fetchStats('b'))
        expect(await waiting).toMatchObject({ class: 'authentication', category: 'a', attempts: 1 })
        expect(provider.categories()).toEqual(['a', 'b'])
      },
    ))
})

describe('a stop', () => {
  test('interrupts the running requests and sends no more', async () => {
    const stop = new AbortController()
    await withRun(
      () => {},
      async (fetchStats, provider) => {
        const all = ['a', 'b', 'c', 'd'].map((category) => fetchStats(category))
        await vi.waitFor(() => expect(provider.requests).toHaveLength(2))
        const closed = Promise.all(provider.requests.map((request) => once(request.socket, 'close')))
        stop.abort(new Error('SIGTERM'))
        for (const outcome of await Promise.allSettled(all)) {
          expect(outcome).toMatchObject({ reason: { message: 'SIGTERM' } })
        }
        await closed
        await expect(fetchStats('e')).rejects.toThrow('SIGTERM')
        expect(provider.requests).toHaveLength(2)
      },
      { concurrency: 2 },
      stop.signal,
    )
  })
})

describe('limits hold over all categories', () => {
  test('concurrency', async () => {
    let running = 0
    const seen: number[] = []
    await withRun(
      (_request, response) => {
        seen.push(++running)
        setTimeout(() => {
          running--
          answer(response, seen.length % 7 === 0 ? 503 : 200, sent(1))
        }, 2)
      },
      async (fetchStats) => {
        await Promise.allSettled(Array.from({ length: 60 }, (_, index) => fetchStats(`category ${index}`)))
        expect(Math.max(...seen)).toBe(4)
      },
      { concurrency: 4 },
    )
  })

  test('rate: what is beyond it waits, retries included', async () => {
    const stop = new AbortController()
    await withRun(
      failingOnce(),
      async (fetchStats, provider) => {
        const all = Promise.allSettled([fetchStats('a'), fetchStats('b')])
        await settled(provider)
        expect(without('probe', provider.categories())).toEqual(['a'])
        stop.abort(new Error('SIGTERM'))
        await all
      },
      { ratePerSecond: 0.02, concurrency: 50 },
      stop.signal,
    )
  })

  test('rate: goes on while the clock of the day is set back', async () => {
    await withRun(
      (_, response) => answer(response, 200, sent(1)),
      async (fetchStats) => {
        await fetchStats('a')
        vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 })
        try {
          await Promise.all([fetchStats('b'), fetchStats('c')])
        } finally {
          vi.useRealTimers()
        }
      },
      { ratePerSecond: 2, concurrency: 50 },
    )
  })
})
