// How long a tick takes end to end: 1,000 categories asked of a sandbox in another process, stored when it ends.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { createClient } from '../src/primotexto/client.ts'
import { openSpool } from '../src/spool/spool.ts'
import { tick } from '../src/sync/tick.ts'
import { TIMEZONE, withWarehouse } from './helpers/database.ts'
import { median, ms } from './helpers/measure.ts'
import type { Question } from './helpers/question.ts'
import { categoryNames } from './helpers/readings.ts'

const CATEGORIES = 1_000
const LATENCY_MS = 50
const CONCURRENCY = 50
const IDEAL_MS = (CATEGORIES * LATENCY_MS) / CONCURRENCY
const WARM_TICKS = 9
const GOAL = { atMost: (1.05 * IDEAL_MS + 100) / IDEAL_MS }

export const wholeTick: Question = {
  name: 'tick',
  asks: 'How long does a whole tick take, against the ideal of its requests alone?',
  sizeAt: () =>
    `${CATEGORIES} categories, ${LATENCY_MS} ms latency, ${CONCURRENCY} at a time, sandbox in another process`,

  async answer(server) {
    const [cold, warm] = await withWarehouse(server, async (warehouse) => {
      const dataDir = await mkdtemp(join(tmpdir(), 'primosync-bench-spool-'))
      const sandbox = await startSandbox()
      const client = createClient({
        apiKey: () => sandbox.apiKey,
        baseUrl: sandbox.url,
        timeoutMs: 10_000,
        concurrency: CONCURRENCY,
        ratePerSecond: null,
      })
      const deps = {
        accounts: [{ name: 'default', label: null, categories: categoryNames(CATEGORIES), client }],
        warehouse,
        spool: await openSpool(dataDir),
        timezone: TIMEZONE,
        holder: 'bench',
        retentionMs: null,
        accountStats: false,
        replayGraceMs: null,
        prepare: async () => {},
        log: pino({ level: 'silent' }),
      }
      const oneTick = async () => {
        const report = await tick(
          deps,
          { trigger: 'manual', scheduledAt: null },
          new AbortController().signal,
        )
        if (report?.stored !== CATEGORIES) throw new Error(`the tick stored ${report?.stored} snapshots`)
        return report.durationMs
      }
      try {
        const first = await oneTick()
        const others: number[] = []
        for (let n = 0; n < WARM_TICKS; n++) others.push(await oneTick())
        return [first, median(others)]
      } finally {
        await client.close()
        sandbox.child.kill()
        await rm(dataDir, { recursive: true })
      }
    })
    const rival = `ideal ${ms(IDEAL_MS)}`
    return [
      {
        what: `a whole tick, median of ${WARM_TICKS}`,
        ours: ms(warm),
        rival,
        ratio: warm / IDEAL_MS,
        goal: GOAL,
      },
      { what: 'the very first tick', ours: ms(cold), rival, ratio: cold / IDEAL_MS, goal: null },
    ]
  },
}

interface Sandbox {
  readonly url: string
  readonly apiKey: string
  readonly child: ChildProcess
}

async function startSandbox(): Promise<Sandbox> {
  const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
  const child = spawn(
    process.execPath,
    [main, 'sandbox', '--json', '--port', '0', '--latency', `${LATENCY_MS}ms`],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let said = ''
  const started = Promise.withResolvers<Sandbox>()
  child.stdout.setEncoding('utf8').on('data', (part) => {
    said += part
    if (!said.trimEnd().endsWith('}')) return
    const { url, api_key: apiKey } = JSON.parse(said)
    started.resolve({ url, apiKey, child })
  })
  const failed = Promise.all([text(child.stderr), once(child, 'exit')]).then(([why]) =>
    started.reject(new Error(`the sandbox ended: ${why}`)),
  )
  failed.catch(() => {})
  return await started.promise
}
