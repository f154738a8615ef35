// A provider that answers nothing: how much it is asked all the same, and how it is found to be well again.
import type { RequestListener } from 'node:http'
import { describe, expect, test } from 'vitest'
import type { Client } from '../../src/primotexto/client.ts'
import { answer, categoryOf, failureOf, KEY, never, sent, withClient, withProvider } from './provider.ts'

const RETRIES = 2
const CONCURRENCY = 4
const MANY = [...Array(50).keys()].map((n) => `c${n}`)

/** One run over all categories: `answered`, `failed` (with a failure of its own), or `given up`. */
async function run(client: Client, categories = MANY): Promise<Map<string, string[]>> {
  const fetchStats = client.run(never)
  const outcomes = await Promise.all(
    categories.map(async (category) => {
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

describe.each<[string, RequestListener]>([
  ['503', (_, response) => answer(response, 503, '')],
  ['no JSON', (_, response) => answer(response, 200, '<html>')],
  ['resets', (request) => void request.socket.destroy()],
])('a provider dead with %s', (_what, kill) => {
  test('is given up in the run, later runs ask for three, and its first answer ends that', () =>
    withDead(deadUntilMended(kill), async (client, asked, mend) => {
      const first = counts(await run(client))
      expect(first.answered).toBeUndefined()
      expect(first.failed).toBe(1)
      expect(asked()).toBeLessThanOrEqual((5 + CONCURRENCY) * (1 + RETRIES))
      const giveUp = async () =>
        expect(counts(await run(client))).toEqual({ failed: 3, 'given up': MANY.length - 3 })
      await giveUp()
      asked() // those of the first run that were cut off have arrived by now, too
      await giveUp()
      expect(asked()).toBe(3)
      mend()
      expect(counts(await run(client))).toEqual({ answered: 50 })
      expect(asked()).toBe(50)
    }))
})

test('one category that fails every time keeps no other from being asked', () => {
  const respond = (isDead: boolean): RequestListener => {
    return (request, response) =>
      isDead || categoryOf(request) === MANY[0] ? answer(response, 500, '') : answer(response, 200, sent(1))
  }
  return withDead(respond, async (client, _asked, mend) => {
    await run(client)
    mend()
    for (let runs = 0; runs < 2; runs++)
      expect(counts(await run(client))).toEqual({ failed: 1, answered: 49 })
  })
})

test.each([
  ['a refused category', 400, '{"code":45}'],
  ['a throttled one', 429, ''],
])('%s is an answer of a provider that lives', (_what, status, body) =>
  withDead(
    deadUntilMended((_, response) => answer(response, status, body)),
    async (client) => {
      expect(counts(await run(client))).toEqual({ failed: 50 })
    },
  ),
)
