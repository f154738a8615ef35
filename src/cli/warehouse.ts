// Opens the warehouse for a command: the database of the settings or the embedded one, migrated, with its reporting
// time zone settled.
import { join } from 'node:path'
import type { Config } from '../config/load.ts'
import { openEmbedded } from '../embedded/embedded.ts'
import { READER_ROLE } from '../embedded/folder.ts'
import { keepEmbedded } from '../embedded/kept.ts'
import type { Logger } from '../logging.ts'
import { asAway } from '../warehouse/away.ts'
import { settleTimezone } from '../warehouse/calendar.ts'
import { grantReader } from '../warehouse/grant.ts'
import { migrate, migrationStatus } from '../warehouse/migrate.ts'
import { openWarehouse, type Warehouse } from '../warehouse/pool.ts'
import { rulesProblem } from '../warehouse/rules.ts'
import { chooseDatabase, type Wanted } from './database.ts'
import { closeAtEnd } from './process-end.ts'

export interface ConfiguredWarehouse extends Warehouse {
  /** The URL by which people reach the embedded database, to be printed; null: the database is their own. */
  readonly publicUrl: string | null
  /** Whether it is a database of demo data. */
  readonly isDemo: boolean
  /** Makes the demo's database if this is it and it is not there. Throws a UsageError where that is not allowed. */
  create(): Promise<void>
  /** The same database without the time limit of ticks, for migrations. */
  patient(): Warehouse
}

/** How long the database may send nothing during a statement of a tick, which are all short. */
export const TICK_SILENCE_MS = 15_000

/** The folder of the embedded database and the spool. Demo data have their own, so that they never mix with real ones. */
export function dataFolder(config: Config): string {
  return config.demo ? join(config.dataDir, 'demo') : config.dataDir
}

/**
 * Opens the warehouse without touching its schema. `exclusive`: as the one main program of the data folder.
 * `mayBeAway`: also where the embedded PostgreSQL does not start; then it is tried again and again. `silenceMs`: how
 * long the database may send nothing during a statement. `wanted`: which database of DATABASE_URL, without a key.
 */
export async function connectWarehouse(
  config: Config,
  log: Logger,
  {
    exclusive = false,
    mayBeAway = false,
    silenceMs,
    wanted = 'in_use',
  }: { exclusive?: boolean; mayBeAway?: boolean; silenceMs?: number; wanted?: Wanted } = {},
): Promise<ConfiguredWarehouse> {
  const onIdleError = (error: Error) =>
    log.debug({ reason: error.message }, 'An idle connection to the database broke.')
  const open = (url: () => string) => ({
    ...openWarehouse(url, { onIdleError, ...(silenceMs !== undefined && { silenceMs }) }),
    patient: () => openWarehouse(url, { onIdleError }),
  })
  if (config.databaseUrl !== null) {
    const { url, isDemo, create } = await chooseDatabase(config, () => config.databaseUrl!, wanted)
    return { ...open(url), publicUrl: null, isDemo, create }
  }
  const options = { dataDir: dataFolder(config), exclusive, log: (message: string) => log.warn(message) }
  // The demo has nothing to lose, and says at once what is wrong.
  const server = await (mayBeAway && !config.demo ? keepEmbedded(options) : openEmbedded(options))
  const closed = closeAtEnd(() => server.stop())
  const warehouse = open(() => server.ownerUrl)
  const close = async () => {
    await warehouse.close()
    await server.stop()
    closed()
  }
  return {
    ...warehouse,
    isDemo: config.demo,
    create: async () => {},
    get publicUrl() {
      return server.publicUrl
    },
    close,
  }
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
export async function warnOfOtherRules({ db }: Warehouse, log: Logger): Promise<void> {
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

/** Opens the warehouse, ready for use, for as long as `work` takes. */
export async function withConfiguredWarehouse<T>(
  config: Config,
  log: Logger,
  work: (warehouse: ConfiguredWarehouse) => Promise<T>,
  wanted?: Wanted,
): Promise<T> {
  const warehouse = await connectWarehouse(config, log, { ...(wanted && { wanted }) })
  try {
    await prepareWarehouse(warehouse, config)
    await warnOfOtherRules(warehouse, log)
    return await work(warehouse)
  } finally {
    await warehouse.close()
  }
}
