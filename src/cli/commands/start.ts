// primosync start: the daemon, with its schedule and its HTTP server.
import { once } from 'node:events'
import { hostname } from 'node:os'
import { DEMO_ACCOUNT } from '../../config/account-names.ts'
import { demoDatabaseOf } from '../../config/demo-url.ts'
import { reasonOf, UsageError } from '../../errors.ts'
import { SANDBOX_CATEGORIES } from '../../sandbox/lives.ts'
import type { Prometheus } from '../../serve/prometheus.ts'
import { openSpool } from '../../spool/spool.ts'
import { unlessStopped } from '../../stopping.ts'
import { type DaemonDeps, startDaemon } from '../../sync/daemon.ts'
import { loadDemoHistory } from '../../sync/demo.ts'
import { createSchedule } from '../../sync/schedule.ts'
import { relativeTime } from '../../units.ts'
import { asStoringProblem } from '../../warehouse/away.ts'
import { openAccounts } from '../accounts.ts'
import type { Action, Context } from '../command.ts'
import type { Output } from '../output.ts'
import { ownToken } from '../own-token.ts'
import { keepPrepared } from '../preparation.ts'
import { startProgress } from '../progress.ts'
import { stopSignal } from '../stop-signal.ts'
import { describeReport, reportObject } from '../tick-report.ts'
import { type ConfiguredWarehouse, connectWarehouse, dataFolder, TICK_SILENCE_MS } from '../warehouse.ts'

export const start: Action<object> = {
  outlivesOutput: true,
  examples: ['primosync start', 'SYNC_SCHEDULE="*/10 * * * *" HTTP_PORT=0 primosync start'],

  async run(context) {
    const { config, log } = context
    const stop = stopSignal()
    // imported here, because every other command starts a quarter faster without them
    const [{ createApp, serve }, { isLoopback }, { createPrometheus }] = await Promise.all([
      import('../../serve/http.ts'),
      import('../../serve/guard.ts'),
      import('../../serve/prometheus.ts'),
    ])
    const spool = await openSpool(dataFolder(config))
    const warehouse = await connectWarehouse(config, log, {
      exclusive: true,
      mayBeAway: true,
      silenceMs: TICK_SILENCE_MS,
      wanted: 'demo',
    })
    try {
      await createDemo(warehouse)
      let isPrepared = false
      let isWaiting = false
      let problem: string | null = null
      const onWaiting = (is: boolean, why: string | null) => {
        isWaiting = is
        problem = why
      }
      const prepareForTicks = keepPrepared(warehouse, config, log)
      const prepare = async () => {
        try {
          await prepareForTicks()
          isPrepared = true
        } catch (error) {
          isPrepared = false
          problem = reasonOf(asStoringProblem(error))
          throw error
        }
      }
      const shared = { warehouse, spool, log, holder: `${hostname()}, process ${process.pid}` }
      const demo = { demo: config.demo, demoAccount: DEMO_ACCOUNT }
      const prometheus = createPrometheus({ ...shared, ...demo })
      const madeToken =
        config.httpToken === null && !isLoopback(config.httpHost) ? await ownToken(dataFolder(config)) : null
      const app = createApp({
        ...shared,
        ...demo,
        prometheus,
        isPrepared: () => isPrepared,
        isWaiting: () => isWaiting,
        problem: () => problem,
        timezone: config.reportingTimezone,
        schedule: config.syncSchedule,
        host: config.httpHost,
        basePath: config.httpBasePath,
        token: madeToken === null ? config.httpToken : () => madeToken,
        nextTickAt: createSchedule(config.syncSchedule, config.reportingTimezone, () => {}).nextTickAt,
      })
      const server = await serve(app, config.httpHost, config.httpPort)
      try {
        announce(context, warehouse, server.url, madeToken)
        await unlessStopped(prepareDemo(context, warehouse, prepare), stop)
        await runDaemon(context, { ...shared, prepare, onWaiting }, prometheus, stop)
      } finally {
        await server.close()
      }
    } catch (error) {
      if (error !== stop.reason) throw error // stopped before the first tick: all is well
    } finally {
      await warehouse.close()
    }
  },
}

/** Where it is not allowed, the demo ends before it has opened anything. A database that is away is waited for later. */
async function createDemo(warehouse: ConfiguredWarehouse): Promise<void> {
  await warehouse.create().catch((error) => {
    if (error instanceof UsageError) throw error
  })
}

/** How long a tick may go on with a backlog, so that the next one is not left out; the rest is stored between ticks. */
const REPLAY_GRACE_MS = 2_000

/** Runs the daemon until it is stopped. */
async function runDaemon(
  { config, log, options, output }: Context<object>,
  deps: Pick<DaemonDeps, 'warehouse' | 'spool' | 'log' | 'holder' | 'prepare' | 'onWaiting'>,
  prometheus: Prometheus,
  stop: AbortSignal,
): Promise<void> {
  const open = await openAccounts(config, { watcher: prometheus })
  try {
    const daemon = startDaemon(
      {
        ...deps,
        accounts: open.accounts,
        pattern: config.syncSchedule,
        timezone: config.reportingTimezone,
        retentionMs: config.snapshotRetentionMs,
        accountStats: config.syncAccountStats,
        replayGraceMs: REPLAY_GRACE_MS,
        showsTicks: !options.json && process.stdout.isTTY && process.stderr.isTTY,
        onTick(report) {
          prometheus.onTick(report)
          if (options.json) printJsonLine(output, { event: 'tick', ...reportObject(report) })
          else output.print(describeReport(report, config.demo))
        },
        onLate: prometheus.onLate,
        onDue: prometheus.onDue,
      },
      stop,
    )
    await daemon.firstTick
    const next = daemon.schedule.nextTickAt()
    if (next && !stop.aborted && !options.json)
      output.print(`next tick    ${relativeTime(next, new Date())} (${config.syncSchedule})`)
    if (!stop.aborted) await once(stop, 'abort')
    log.info('Stopping: the answers that have arrived are being stored.')
    await daemon.stop()
  } finally {
    await open.close()
  }
}

function announce(
  { config, options, output }: Context<object>,
  warehouse: ConfiguredWarehouse,
  url: string,
  madeToken: string | null,
): void {
  const base = `${url}${config.httpBasePath}`
  // A link to all addresses of a machine leads nowhere; that to this machine is where most look at the log.
  const here = base.replace(/\/\/(0\.0\.0\.0|\[::\]):/, '//localhost:')
  const signIn = madeToken === null ? null : `${here}/login?token=${madeToken}`
  if (options.json) {
    const addresses = { dashboard: `${base}/`, health: `${base}/readyz`, metrics: `${base}/metrics` }
    printJsonLine(output, {
      event: 'started',
      demo: config.demo,
      database: warehouse.publicUrl,
      ...addresses,
      sign_in: signIn,
    })
    return
  }
  if (config.demo) {
    output.print(
      output.colors.yellow(
        'DEMO DATA: no PRIMOTEXTO_API_KEY is set, so the built-in sandbox plays the provider.',
      ),
    )
  }
  if (warehouse.publicUrl) output.print(`database     psql "${warehouse.publicUrl}"`)
  if (config.demo && config.databaseUrl !== null)
    output.print(
      `database     ${JSON.stringify(demoDatabaseOf(config.databaseUrl).name)}, of its own for the demo`,
    )
  output.print(`dashboard    ${base}/`)
  if (signIn !== null) output.print(`sign in      ${signIn}`)
  output.print(`health       ${base}/readyz`)
  output.print(`metrics      ${base}/metrics`)
}

/** One JSON document a line, as a daemon's results have no end. */
function printJsonLine(output: Output, value: object): void {
  output.print(JSON.stringify(value))
}

/** Loads the demo's history. If the database cannot be used, the daemon starts without it. */
async function prepareDemo(
  { config, options, output, log }: Context<object>,
  warehouse: ConfiguredWarehouse,
  prepare: () => Promise<void>,
): Promise<void> {
  try {
    await prepare()
    if (!config.demo) return
    const progress = startProgress('demo history', SANDBOX_CATEGORIES.length)
    const stored = await loadDemoHistory(warehouse, () => progress.advance()).finally(() => progress.stop())
    if (stored > 0 && !options.json)
      output.print(`demo data: 90 days of history, ${stored} snapshots, in the account ${DEMO_ACCOUNT}`)
  } catch (error) {
    if (error instanceof UsageError) throw error
    log.warn(reasonOf(asStoringProblem(error)))
  }
}
