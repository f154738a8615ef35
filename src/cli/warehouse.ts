// Opens the warehouse for a command: the database of the settings or the embedded one, migrated, with its reporting
// time zone settled.
import { join } from 'node:path'
import { DEMO_ACCOUNT } from '../config/account-names.ts'
import type { Config } from '../config/load.ts'
import { longestPauseMs } from '../cron.ts'
import { openEmbedded } from '../embedded/embedded.ts'
import { READER_ROLE } from '../embedded/folder.ts'
import type { Logger } from '../logging.ts'
import { pauseDemo, resumeDemo } from '../sync/demo.ts'
import { asAway } from '../warehouse/away.ts'
import { setExpectedEvery, settleTimezone } from '../warehouse/calendar.ts'
import { grantReader } from '../warehouse/grant.ts'
import { migrate, migrationStatus } from '../warehouse/migrate.ts'
import { openWarehouse, type Warehouse } from '../warehouse/pool.ts'
import { rulesProblem } from '../warehouse/rules.ts'
import { closeAtEnd } from './process-end.ts'

export interface ConfiguredWarehouse extends Warehouse {
  /** The URL by which people reach the embedded database, to be printed; null: the database is their own. */
  readonly publicUrl: string | null
  /** The same database without the time limit of ticks, for migrations. */
  patient(): Warehouse
}

/** How long the database may send nothing during a statement of a tick, which are all short. */
export const TICK_SILENCE_MS = 15_000

/** The folder of the embedded database and the spool. Demo data have their own, so that they never mix with real ones. */
export function dataFolder(config: Config): string {
  return config.demo && config.databaseUrl === null ? join(config.dataDir, 'demo') : config.dataDir
}

/**
 * Opens the warehouse without touching its schema. `exclusive`: as the one main program of the data folder.
 * `silenceMs`: how long the database may send nothing during a statement.
 */
export async function connectWarehouse(
  config: Config,
  log: Logger,
  { exclusive = false, silenceMs }: { exclusive?: boolean; silenceMs?: number } = {},
): Promise<ConfiguredWarehouse> {
  const onIdleError = (error: Error) =>
    log.debug({ reason: error.message }, 'An idle connection to the database broke.')
  const open = (url: () => string) => ({
    ...openWarehouse(url, { onIdleError, ...(silenceMs !== undefined && { silenceMs }) }),
    patient: () => openWarehouse(url, { onIdleError }),
  })
  if (config.databaseUrl !== null) return { ...open(() => config.databaseUrl!), publicUrl: null }
  const server = await openEmbedded({
    dataDir: dataFolder(config),
    exclusive,
    log: (message) => log.warn(message),
  })
  const closed = closeAtEnd(() => server.stop())
  const warehouse = open(() => server.ownerUrl)
  const close = async () => {
    await warehouse.close()
    await server.stop()
    closed()
  }
  return { ...warehouse, publicUrl: server.publicUrl, close }
}

/** Migrates the schema and settles the time zone. Safe to repeat. */
export async function prepareWarehouse(warehouse: ConfiguredWarehouse, config: Config): Promise<void> {
  try {
    await migrateWhereNeeded(warehouse)
    await settleTimezone(warehouse, config.reportingTimezone)
    if (warehouse.publicUrl !== null) await grantReader(warehouse.db, READER_ROLE)
  } catch (error) {
    throw asAway(error)
  }
}

/** Only warns, because the numbers stay usable. */
async function warnOfOtherRules({ db }: Warehouse, log: Logger): Promise<void> {
  const problem = await rulesProblem(db)
  if (problem) log.warn(`${problem.message} ${problem.hint}`)
}

async function migrateWhereNeeded(warehouse: ConfiguredWarehouse): Promise<void> {
  const migrations = await migrationStatus(warehouse.db)
  if (migrations.every(({ executedAt }) => executedAt !== null)) return
  const patient = warehouse.patient()
  try {
    await migrate(patient.db)
  } finally {
    await patient.close()
  }
}

/**
 * Prepares the warehouse for ticks when first called, and again until that succeeds: stores how often they are due,
 * pauses the demo's categories beside real ones, and resumes them in the demo.
 */
export function prepareOnce(
  warehouse: ConfiguredWarehouse,
  config: Config,
  log: Logger,
): () => Promise<void> {
  let isPrepared = false
  return async () => {
    if (isPrepared) return
    await prepareWarehouse(warehouse, config)
    await warnOfOtherRules(warehouse, log)
    await setExpectedEvery(warehouse.db, longestPauseMs(config.syncSchedule, config.reportingTimezone))
    if (config.demo) await resumeDemo(warehouse.db)
    else if (config.accounts.every(({ name }) => name !== DEMO_ACCOUNT)) await pauseDemo(warehouse.db)
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
    await warnOfOtherRules(warehouse, log)
    return await work(warehouse)
  } finally {
    await warehouse.close()
  }
}
