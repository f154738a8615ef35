// Ticks in this process, with a separate provider and warehouse for each test.

import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { createClient } from '../../src/primotexto/client.ts'
import { openSpool, type Spool } from '../../src/spool/spool.ts'
import { type Account, type TickDeps, type TickRequest, tick } from '../../src/sync/tick.ts'
import { settleTimezone } from '../../src/warehouse/calendar.ts'
import { openWarehouse, type Warehouse } from '../../src/warehouse/pool.ts'
import { never } from '../primotexto/provider.ts'
import { temporaryFolder } from './cli.ts'
import { type CountingProvider, startCountingProvider } from './counting-provider.ts'
import { createTestDatabase } from './database.ts'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'

const ZONE = 'Europe/Paris'

export interface Stage {
  readonly provider: CountingProvider
  /** The proxy between `deps.warehouse` and the database. */
  readonly proxy: TcpProxy
  /** A direct connection to the same database. */
  readonly witness: Warehouse
  readonly dataDir: string
  readonly spool: Spool
  /** The log, as lines of `level message`. */
  readonly logged: readonly string[]
  readonly deps: TickDeps
  /** Runs a tick, with trigger `manual` by default. */
  tick(request?: Partial<TickRequest>, signal?: AbortSignal): ReturnType<typeof tick>
  /** Returns the same stage with some other parts, as another process has them. */
  with(deps: Partial<TickDeps>): Stage
}

export interface StageOptions {
  readonly categories?: readonly string[]
  readonly silenceMs?: number
  readonly spoolLimitBytes?: number
}

/** Makes a stage. Everything is closed after the test. */
export async function openStage({
  categories = ['a', 'b', 'c'],
  silenceMs = 1_000,
  spoolLimitBytes,
}: StageOptions = {}): Promise<Stage> {
  const database = await createTestDatabase()
  const witness = openWarehouse(database.url)
  const proxy = await startTcpProxy(database.url)
  const warehouse = openWarehouse(proxy.url, { silenceMs })
  onTestFinished(async () => {
    await warehouse.close()
    await witness.close()
    await database.drop()
  })
  await settleTimezone(witness, ZONE)
  const provider = await startCountingProvider()
  const dataDir = temporaryFolder()
  const spool = await openSpool(dataDir, spoolLimitBytes)
  const logged: string[] = []
  const log = pino({ level: 'trace' }, { write: (line) => void logged.push(shortLine(line)) })
  const deps = {
    accounts: [account('default', categories, provider)],
    warehouse,
    spool,
    log,
    timezone: ZONE,
    replayGraceMs: null,
    retentionMs: null,
    accountStats: false,
    holder: 'a test',
    prepare: () => settleTimezone(warehouse, ZONE),
  }
  return onStage({ provider, proxy, witness, dataDir, spool, logged, deps })
}

function onStage(parts: Omit<Stage, 'tick' | 'with'>): Stage {
  return {
    ...parts,
    tick: (request = {}, signal = never) =>
      tick(parts.deps, { trigger: 'manual', scheduledAt: null, ...request }, signal),
    with: (deps) => onStage({ ...parts, deps: { ...parts.deps, ...deps } }),
  }
}

/** An account at the provider, with one retry without delay. Its client is closed after the test. */
export function account(name: string, categories: readonly string[], provider: CountingProvider): Account {
  const client = createClient({
    apiKey: () => 'a-key-of-a-test',
    baseUrl: provider.baseUrl,
    timeoutMs: 60_000,
    concurrency: 4,
    ratePerSecond: null,
    retry: { retries: 1, minDelayMs: 1, maxDelayMs: 2 },
  })
  onTestFinished(() => client.close())
  return { name, label: null, categories, client }
}

function shortLine(line: string): string {
  const { level, msg } = JSON.parse(line)
  return `${pino.levels.labels[level]} ${msg}`
}

/** Returns `category sent` of every snapshot and account reading, in the order in which they were served. */
export async function storedAnswers({ pool }: Warehouse): Promise<string[]> {
  const { rows } = await pool.query(
    `select category || ' ' || sent as answer from (
      select category, sent from sms.snapshots union all select '', sent from sms.account_readings
    ) answers order by sent, category`,
  )
  return rows.map(({ answer }) => answer)
}

/** Returns the rows of sync.runs, without the columns that depend on the clock. */
export async function runsOf({ pool }: Warehouse): Promise<Record<string, unknown>[]> {
  const { rows } = await pool.query(
    `select trigger, status, categories, stored, failed, rejected, late, finished_at is not null as finished
    from sync.runs order by id`,
  )
  return rows
}

export async function rowsOf({ pool }: Warehouse, query: string): Promise<Record<string, unknown>[]> {
  return (await pool.query(query)).rows
}
