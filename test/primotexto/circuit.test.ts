// Whatever some categories get, the others are asked; a provider that answers nothing is asked for little.
import type { RequestListener } from 'node:http'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Asked, createCircuit, groupOf, type LastOutcome } from '../../src/primotexto/circuit.ts'
import type { Client } from '../../src/primotexto/client.ts'
import { answer, categoryOf, failureOf, KEY, never, sent, withClient, withProvider } from './provider.ts'

const RETRIES = 2
const CONCURRENCY = 4
const MANY = [...Array(50).keys()].map((n) => `c${n}`)

/** One run over all categories: `answered`, `failed` (with a failure of its own), or `given up`. */
async function run(client: Client, categories: readonly Asked[]): Promise<Map<string, string[]>> {
  const fetchStats = client.run(never, categories)
  const outcomes = await Promise.all(
    categories.map(async ({ category }) => {
      const fetching = fetchStats(category)
      const isAnswered = await fetching.then(
        () => true,
        () => false,
      )
      if (isAnswered) return { category, outcome: 'answered' }
      const error = await failureOf(fetching)
      return {
        category,
        outcome: error.cause === undefined || !('category' in Object(error.cause)) ? 'failed' : 'given up',
      }
    }),
  )
  return new Map(
    [...Map.groupBy(outcomes, ({ outcome }) => outcome)].map(([outcome, list]) => [
      outcome,
      list.map(({ category }) => category),
    ]),
  )
}

const counts = (outcomes: Map<string, string[]>) =>
  Object.fromEntries([...outcomes].map(([outcome, list]) => [outcome, list.length]))

function withDead(
  respond: (isDead: boolean) => RequestListener,
  use: (client: Client, asked: () => number, mend: () => void) => Promise<void>,
): Promise<void> {
  let isDead = true
  return withProvider(
    (request, response) => respond(isDead)(request, response),
    (provider) =>
      withClient(
        { baseUrl: provider.baseUrl, apiKey: () => KEY, concurrency: CONCURRENCY },
        async (client) => {
          let before = 0
          const asked = () => {
            const more = provider.requests.length - before
            before = provider.requests.length
            return more
          }
          await use(client, asked, () => {
            isDead = false
          })
        },
      ),
  )
}

const deadUntilMended =
  (kill: RequestListener) =>
  (isDead: boolean): RequestListener =>
    isDead ? kill : (_, response) => answer(response, 200, sent(1))

const remembered = (lastOutcome: LastOutcome, categories = MANY): Asked[] =>
  categories.map((category) => ({ category, lastOutcome, isEmpty: false }))

describe.each<[string, RequestListener]>([
  ['503', (_, response) => answer(response, 503, '')],
  ['no JSON', (_, response) => answer(response, 200, '<html>')],
  ['resets', (request) => void request.socket.destroy()],
])('a provider dead with %s', (_what, kill) => {
  test('is given up after twenty categories that answered last time, and asked without retries next', () =>
    withDead(deadUntilMended(kill), async (client, asked, mend) => {
      const first = counts(await run(client, remembered('answered')))
      expect(first.answered).toBeUndefined()
      expect(first['given up']).toBeGreaterThan(0)
      expect(asked()).toBeLessThanOrEqual((20 + CONCURRENCY) * (1 + RETRIES))
      for (const lastOutcome of ['answered', 'unanswered'] as const) {
        await run(client, remembered(lastOutcome))
        expect(asked()).toBeLessThanOrEqual(20 + CONCURRENCY)
      }
      mend()
      expect(counts(await run(client, remembered('unanswered')))).toEqual({ answered: 50 })
    }))

  test('is asked for every category that was never asked before, as one of them may be well', () =>
    withDead(deadUntilMended(kill), async (client) => {
      expect(counts(await run(client, remembered(null)))).toEqual({ failed: 50 })
    }))
})

describe('one that answers keeps all others asked for', () => {
  const SICK: Record<string, RequestListener> = {
    'code 74': (_, response) => answer(response, 200, '{"code":74,"message":"x"}'),
    HTML: (_, response) => answer(response, 200, '<html>'),
    'code 1000': (_, response) => answer(response, 500, '{"code":1000,"message":"Unknown error"}'),
    'empty 503': (_, response) => answer(response, 503, ''),
    204: (_, response) => void response.writeHead(204).end(),
    reset: (request) => void request.socket.destroy(),
    throttled: (_, response) => answer(response, 429, ''),
    hanging: () => {},
  }

  test.each(Object.entries(SICK))('%s', (_what, respond) =>
    withProvider(
      (request, response) =>
        HEALTHY.has(categoryOf(request)!) ? answer(response, 200, sent(1)) : respond(request, response),
      (provider) =>
        withClient({ baseUrl: provider.baseUrl, timeoutMs: 300, concurrency: 60 }, async (client) => {
          for (const categories of [remembered(null), mixed()]) {
            const outcomes = await run(client, categories)
            expect(new Set(outcomes.get('answered'))).toEqual(HEALTHY)
            expect(outcomes.get('given up')).toBeUndefined()
          }
        }),
    ),
  )

  /** The healthy ones answered last time, and stand at the end. */
  const mixed = () =>
    remembered(null).map((each) => ({
      ...each,
      lastOutcome: HEALTHY.has(each.category) ? ('answered' as const) : ('unanswered' as const),
    }))
  const HEALTHY: ReadonlySet<string> = new Set(MANY.slice(-3))
})

test('categories that answered last time are asked first, then those that were never asked', () =>
  withProvider(
    (_, response) => answer(response, 200, sent(1)),
    (provider) =>
      withClient({ baseUrl: provider.baseUrl, concurrency: 1 }, async (client) => {
        const categories = (['unanswered', null, 'answered'] as const).flatMap((lastOutcome) =>
          remembered(lastOutcome, [`${lastOutcome} 1`, `${lastOutcome} 2`]),
        )
        await run(client, categories)
        const order = provider.categories().map((category) => category!.split(' ')[0])
        expect(order).toEqual(['answered', 'answered', 'null', 'null', 'unanswered', 'unanswered'])
      }),
  ))

test('hanging requests do not take all places', () =>
  withProvider(
    (request, response) => {
      if (categoryOf(request)! >= 'w') answer(response, 200, sent(1))
    },
    (provider) =>
      withClient({ baseUrl: provider.baseUrl, concurrency: 2 }, async (client) => {
        const stop = new AbortController()
        const names = ['a', 'b', 'c', 'well']
        const fetchStats = client.run(stop.signal, remembered(null, names))
        const all = names.map((category) => fetchStats(category))
        expect(await all.at(-1)).toMatchObject({ result: { kind: 'reading' } })
        stop.abort(new Error('enough'))
        await Promise.allSettled(all)
      }),
  ))

describe('the circuit', () => {
  const outcome = fc.constantFrom<LastOutcome>('answered', 'unanswered', null)
  const mixes = fc.array(fc.record({ lastOutcome: outcome, answers: fc.boolean() }), {
    minLength: 1,
    maxLength: 200,
  })

  test('never takes a provider for dead that has answered, nor before enough of both groups have failed', () => {
    fc.assert(
      fc.property(mixes, (mix) => {
        const categories = mix.map(({ lastOutcome }, n) => ({
          category: `c${n}`,
          lastOutcome,
          isEmpty: false,
        }))
        const circuit = createCircuit(categories)
        const failed = { known: 0, others: 0, never: 0 }
        let isAnswered = false
        for (const [n, { lastOutcome, answers }] of mix.entries()) {
          circuit.note(groupOf(lastOutcome), `c${n}`, answers ? null : 'server', true)
          isAnswered ||= answers
          failed[groupOf(lastOutcome)] += 1
          if (lastOutcome === null) failed.never += 1
          const sizes = Map.groupBy(mix, (each) => groupOf(each.lastOutcome))
          const isEnough = (['known', 'others'] as const).every(
            (group) => failed[group] >= Math.min(20, sizes.get(group)?.length ?? 0),
          )
          if (circuit.isDead) expect({ isAnswered, isEnough }).toEqual({ isAnswered: false, isEnough: true })
        }
        const isDead = mix.every(({ answers }) => !answers)
        expect(circuit.isDead).toBe(isDead)
      }),
      { numRuns: 1_000 },
    )
  })
})

test.each([
  ['a refused category', 400, '{"code":45}'],
  ['a throttled one', 429, ''],
])('%s is an answer of a provider that lives', (_what, status, body) =>
  withDead(
    deadUntilMended((_, response) => answer(response, status, body)),
    async (client) => {
      expect(counts(await run(client, remembered('answered')))).toEqual({ failed: 50 })
    },
  ),
)
