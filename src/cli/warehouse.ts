// How a command gets at the warehouse: the database of the settings or the embedded one, migrated, with its
// reporting zone settled.
import { join } from 'node:path'
import type { Config } from '../config/load.ts'
import type { Logger } from '../logging.ts'
import { longestPauseMs } from '../sync/schedule.ts'
import { asAway } from '../warehouse/away.ts'
import { setExpectedEvery, settleTimezone } from '../warehouse/calendar.ts'
import { openEmbedded } from '../warehouse/embedded.ts'
import { READER_ROLE } from '../warehouse/embedded-folder.ts'
import { grantReader } from '../warehouse/grant.ts'
import { migrate } from '../warehouse/migrate.ts'
import { openWarehouse, type Warehouse } from '../warehouse/pool.ts'

export interface ConfiguredWarehouse extends Warehouse {
  /** How people reach the embedded database, to be printed; null: they know their own. */
  readonly publicUrl: string | null
}

/** The folder of the embedded database and the spool. Demo data keep apart, so that they never mix with real ones. */
export function dataFolder(config: Config): string {
  return config.demo && config.databaseUrl === null ? join(config.dataDir, 'demo') : config.dataDir
}

/** Opens the warehouse without touching its schema. `exclusive`: as the one main program of the data folder. */
export async function connectWarehouse(
  config: Config,
  log: Logger,
  { exclusive = false } = {},
): Promise<ConfiguredWarehouse> {
  const onIdleError = (error: Error) =>
    log.debug({ reason: error.message }, 'an idle database connection broke')
  if (config.databaseUrl !== null) {
    return { ...openWarehouse(config.databaseUrl, onIdleError), publicUrl: null }
  }
  const server = await openEmbedded({
    dataDir: dataFolder(config),
    exclusive,
    log: (message) => log.warn(message),
  })
  const warehouse = openWarehouse(server.ownerUrl, onIdleError)
  const close = async () => {
    await warehouse.close()
    await server.stop()
  }
  return { ...warehouse, publicUrl: server.publicUrl, close }
}

/** Brings schema and zone into order; safe to repeat. */
export async function prepareWarehouse(warehouse: ConfiguredWarehouse, config: Config): Promise<void> {
  try {
    await migrate(warehouse.db)
    await settleTimezone(warehouse, config.reportingTimezone)
    if (warehouse.publicUrl !== null) await grantReader(warehouse.db, READER_ROLE)
  } catch (error) {
    throw asAway(error)
  }
}

/** Prepares the warehouse when first called, and again until that succeeds; notes how often ticks are due. */
export function prepareOnce(warehouse: ConfiguredWarehouse, config: Config): () => Promise<void> {
  let isPrepared = false
  return async () => {
    if (isPrepared) return
    await prepareWarehouse(warehouse, config)
    await setExpectedEvery(warehouse.db, longestPauseMs(config.syncSchedule, config.reportingTimezone))
    isPrepared = true
  }
}

/** Opens the warehouse, ready for use, for as long as `work` takes. */
export async function withConfiguredWarehouse<T>(
  config: Config,
  log: Logger,
  work: (warehouse: ConfiguredWarehouse) => Promise<T>,
): Promise<T> {
  const warehouse = await connectWarehouse(config, log)
  try {
    await prepareWarehouse(warehouse, config)
    return await work(warehouse)
  } finally {
    await warehouse.close()
  }
}
