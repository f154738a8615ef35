// What ticks need of the warehouse, made when it is first reached and again whenever the database has become another
// one: restored, dropped and created, migrated back and forth.

import type { Config } from '../config/load.ts'
import { longestPauseMs } from '../cron.ts'
import { DatabaseAwayError } from '../errors.ts'
import type { Logger } from '../logging.ts'
import { pauseDemo } from '../sync/demo.ts'
import { forgetCalendar, setExpectedEvery } from '../warehouse/calendar.ts'
import { readMark } from '../warehouse/mark.ts'
import { type ConfiguredWarehouse, prepareWarehouse, warnOfOtherRules } from './warehouse.ts'

/**
 * How long a schema that was there may be gone before it is made anew: somebody who restores a backup has dropped it a
 * moment ago, and what is made in between would be in the way.
 */
const RESTORE_MS = 15_000

/**
 * Prepares the warehouse for ticks when first called, and again when the schema is another one than the last time:
 * makes the demo's database, migrates the schema, stores how often ticks are due, and pauses demo data beside real
 * ones. Rejects while that cannot be done.
 */
export function keepPrepared(
  warehouse: ConfiguredWarehouse,
  config: Config,
  log: Logger,
  restoreMs = RESTORE_MS,
): () => Promise<void> {
  let prepared: string | null = null
  let goneSince: number | null = null
  return async () => {
    if (prepared === null) await warehouse.create()
    const mark = await readMark(warehouse.db)
    if (mark !== null && mark === prepared) return
    if (prepared !== null && mark === null) {
      goneSince ??= performance.now()
      if (performance.now() - goneSince < restoreMs) {
        throw new DatabaseAwayError('The tables of primosync are gone from the database.', {
          hint: `If they are not restored within ${restoreMs / 1000} s, empty ones are made.`,
        })
      }
    }
    goneSince = null
    forgetCalendar(warehouse)
    await prepareWarehouse(warehouse, config)
    await warnOfOtherRules(warehouse, log)
    await setExpectedEvery(warehouse.db, longestPauseMs(config.syncSchedule, config.reportingTimezone))
    if (!config.demo) await pauseDemo(warehouse.db)
    prepared = await readMark(warehouse.db)
  }
}
