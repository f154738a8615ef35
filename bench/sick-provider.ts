// How much a provider that hangs is asked, and how long a run takes when it answers for a few categories only.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Asked, LastOutcome } from '../src/primotexto/circuit.ts'
import { createClient } from '../src/primotexto/client.ts'
import { ms } from './helpers/measure.ts'
import type { Figure, Question } from './helpers/question.ts'
import { categoryNames } from './helpers/readings.ts'

const CATEGORIES = categoryNames(1_000)
const WELL = 10
const TIMEOUT_MS = 2_000
const CONCURRENCY = 50

export const sickProvider: Question = {
  name: 'sick-provider',
  asks: 'What does a provider that hangs cost, for all categories or for most?',
  sizeAt: () =>
    `${CATEGORIES.length} categories, a timeout of ${TIMEOUT_MS} ms, ${CONCURRENCY} at a time, provider in this process`,

  async answer() {
    const well = new Set(CATEGORIES.slice(-WELL))
    const dead = await runOver(new Set(), () => 'answered')
    const first = await runOver(well, () => null)
    const later = await runOver(well, (category) => (well.has(category) ? 'answered' : 'unanswered'))
    const sick = CATEGORIES.length - WELL
    return [
      {
        what: 'requests when everything hangs that answered last time',
        ours: String(dead.requests),
        rival: `one for each category ${CATEGORIES.length}`,
        ratio: dead.requests / CATEGORIES.length,
        goal: { atMost: 0.3 },
      },
      lengthOf(`the first run, ${sick} of them hang`, first),
      lengthOf(`a later run, ${sick} of them hang`, later),
    ]
  },
}

interface Run {
  readonly requests: number
  readonly answered: number
  readonly durationMs: number
}

/** The rival waits for the timeout of each that hangs in one of the places, once. */
function lengthOf(what: string, { answered, durationMs }: Run): Figure {
  if (answered !== WELL) throw new Error(`${answered} of ${WELL} healthy categories were answered`)
  const rivalMs = ((CATEGORIES.length - WELL) * TIMEOUT_MS) / CONCURRENCY
  return {
    what: `${what}: all ${WELL} others stored`,
    ours: ms(durationMs),
    rival: `each timeout in a place, once ${ms(rivalMs)}`,
    ratio: durationMs / rivalMs,
    goal: { atMost: 1 },
  }
}

/** A run against a provider that answers for these categories and lets all other requests hang. */
async function runOver(
  well: ReadonlySet<string>,
  outcomeOf: (category: string) => LastOutcome,
): Promise<Run> {
  let requests = 0
  const server = createServer((request, response) => {
    requests += 1
    const category = new URL(request.url!, 'http://localhost').searchParams.get('category')!
    if (well.has(category)) response.end('{"sent":1}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = createClient({
    apiKey: () => 'key-of-the-bench',
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    timeoutMs: TIMEOUT_MS,
    concurrency: CONCURRENCY,
    ratePerSecond: null,
  })
  try {
    const categories: Asked[] = CATEGORIES.map((category) => ({
      category,
      lastOutcome: outcomeOf(category),
      isEmpty: false,
    }))
    const startedAt = performance.now()
    const fetchStats = client.run(new AbortController().signal, categories)
    const outcomes = await Promise.allSettled(CATEGORIES.map((category) => fetchStats(category)))
    const answered = outcomes.filter(({ status }) => status === 'fulfilled').length
    return { requests, answered, durationMs: performance.now() - startedAt }
  } finally {
    await client.close()
    server.closeAllConnections()
    server.close()
  }
}
