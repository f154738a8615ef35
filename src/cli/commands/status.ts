// primosync status: the last run, what is stale, what failed, what is stored, when the next tick is due.

import { InvalidArgumentError } from 'commander'
import { DEMO_ACCOUNT } from '../../config/account-names.ts'
import { readDurationMs } from '../../config/readers.ts'
import { DatabaseAwayError, reasonOf, UsageError } from '../../errors.ts'
import { sourceOf } from '../../read/source.ts'
import { readStatus, type Status, type StatusContext } from '../../read/status.ts'
import { openSpool, type Spool } from '../../spool/spool.ts'
import { createSchedule } from '../../sync/schedule.ts'
import { bytesText } from '../../units.ts'
import { asAway, isDatabaseAway } from '../../warehouse/away.ts'
import type { Action, Context } from '../command.ts'
import { wrapTo } from '../layout.ts'
import { liveScreen, type Size } from '../live-screen.ts'
import { LISTED, plural, statusLines } from '../status-report.ts'
import { stopSignal } from '../stop-signal.ts'
import {
  type ConfiguredWarehouse,
  connectWarehouse,
  dataFolder,
  prepareWarehouse,
  withConfiguredWarehouse,
} from '../warehouse.ts'

interface Options {
  /** Milliseconds between two drawings, or true for the usual. */
  watch?: number | true
}

const USUAL_EVERY_MS = 5_000
/** How long a redraw waits for the database. */
const SILENCE_MS = 10_000

export const status: Action<Options> = {
  examples: ['primosync status', 'primosync status --watch', 'primosync status --json'],
  configure: (command) =>
    command.option(
      '--watch [every]',
      'redraw it every few seconds (default: 5 s) until Ctrl-C',
      everyArgument,
    ),
  async run(context) {
    const { config, options, output, log } = context
    if (options.watch !== undefined) {
      return await watchStatus(context, options.watch === true ? USUAL_EVERY_MS : options.watch, stopSignal)
    }
    const spool = await openSpool(dataFolder(config))
    const facts = await withConfiguredWarehouse(config, log, (warehouse) =>
      readFacts(context, warehouse, spool),
    ).catch(async (error) => {
      throw isDatabaseAway(error) ? await withWaiting(error, spool) : error
    })
    if (options.json) return output.json(facts)
    output.print(statusLines(facts, output).join('\n'))
  },
}

/** The error of a database that is away, with what waits for it in the spool. */
async function withWaiting(error: unknown, spool: Spool): Promise<unknown> {
  const away = asAway(error)
  const segments = await spool.list()
  if (segments.length === 0 || !(away instanceof DatabaseAwayError)) return away
  const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0)
  return new DatabaseAwayError(
    `${away.message} The answers of ${plural(segments.length, 'run')} wait for it in the spool (${bytesText(bytes)}).`,
    { ...(away.hint !== null && { hint: away.hint }), cause: away },
  )
}

function everyArgument(text: string): number {
  const everyMs = readDurationMs(text)
  if (everyMs === undefined || everyMs < 500) {
    throw new InvalidArgumentError('Allowed: a duration of at least half a second, such as 5 s.')
  }
  return everyMs
}

async function readFacts(
  { config, options }: Context<Options>,
  warehouse: ConfiguredWarehouse,
  spool: Spool,
): Promise<Status> {
  const { syncSchedule: schedule, reportingTimezone: timezone } = config
  const demo = warehouse.isDemo
  const context: StatusContext = {
    ...sourceOf({ warehouse, demo, demoAccount: DEMO_ACCOUNT }),
    spool,
    demo,
    timezone,
    schedule,
    nextTickAt: createSchedule(schedule, timezone, () => {}).nextTickAt,
  }
  return await readStatus(context, options.json ? undefined : LISTED)
}

/** Draws the status again and again. While the database is away, the last known status stays below its error. */
export async function watchStatus(
  context: Context<Options>,
  everyMs: number,
  stopSignal: () => AbortSignal,
): Promise<void> {
  const { config, options, output, log } = context
  if (output.terminal === null || options.json) {
    throw new UsageError('status --watch draws on a terminal, and there is none.', {
      hint: 'Run status or status --json without --watch; programs that monitor should read /metrics.',
    })
  }
  const stop = stopSignal()
  const spool = await openSpool(dataFolder(config))
  const warehouse = await connectWarehouse(config, log, { silenceMs: SILENCE_MS })
  const read = reader(context, warehouse, spool)
  try {
    const { colors } = output
    const frame = async ({ width, height }: Size) => {
      const { facts, problem } = await read()
      const lines = [
        ...(problem === null ? [] : wrapTo(problem, width).map((line) => colors.red(line))),
        ...(facts ? statusLines({ ...facts, now: new Date() }, { colors, width }) : []),
      ]
      return [...lines.slice(0, height - 1), colors.dim(`every ${everyMs / 1000} s; Ctrl-C ends it`)]
    }
    await liveScreen(output.terminal, everyMs, frame, stop)
  } finally {
    await warehouse.close()
  }
}

/** Reads the status, or returns the previous one with the reason. Never rejects. */
function reader(context: Context<Options>, warehouse: ConfiguredWarehouse, spool: Spool) {
  let isPrepared = false
  let facts: Status | null = null
  return async (): Promise<{ facts: Status | null; problem: string | null }> => {
    try {
      if (!isPrepared) await prepareWarehouse(warehouse, context.config)
      isPrepared = true
      facts = await readFacts(context, warehouse, spool)
      return { facts, problem: null }
    } catch (error) {
      const since = facts ? ' This is the last known status.' : ''
      return { facts, problem: `The database cannot be used: ${reasonOf(error)}. Trying again.${since}` }
    }
  }
}
