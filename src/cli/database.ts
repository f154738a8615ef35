// Which database a command works on. With a key, or on the embedded one, there is only one; without a key DATABASE_URL
// stands for two: the named one, where real data belong, and the demo's beside it.
import { DEMO_ACCOUNT } from '../config/account-names.ts'
import { demoDatabaseOf } from '../config/demo-url.ts'
import type { Config } from '../config/load.ts'
import { createDemoDatabase, databaseExists, holdsOthers } from '../warehouse/demo-database.ts'
import { openWarehouse, type Warehouse } from '../warehouse/pool.ts'

/**
 * What a command asks for without a key. `demo`: it asks the sandbox, so the demo's database, which is made if it is
 * not there. `named`: the one that DATABASE_URL names. `in_use`: the demo's if it is there, unless the named one holds
 * real data.
 */
export type Wanted = 'demo' | 'named' | 'in_use'

export interface Database {
  /** Called for each connection: a DATABASE_URL_FILE may change. */
  url(): string
  readonly isDemo: boolean
  /** Makes it where it is the demo's and not there yet. Throws a UsageError where that is not allowed. */
  create(): Promise<void>
}

/** `url`: the one of the settings. */
export async function chooseDatabase(config: Config, url: () => string, wanted: Wanted): Promise<Database> {
  const named = { url, isDemo: false, create: async () => {} }
  if (!config.demo) return named
  const { name, url: demoUrl } = demoDatabaseOf(url())
  if (demoUrl === url()) return { ...named, isDemo: true }
  if (wanted === 'named') return named
  const demo: Database = {
    url: () => demoDatabaseOf(url()).url,
    isDemo: true,
    create: () => onServer(url(), ({ db }) => createDemoDatabase(db, name)),
  }
  if (wanted === 'demo') return demo
  const isDemoInUse = await onServer(
    url(),
    async ({ db }) => !(await holdsOthers(db, DEMO_ACCOUNT)) && (await databaseExists(db, name)),
  ).catch(() => false) // what is wrong with the named one is said by whoever works on it
  return isDemoInUse ? demo : named
}

async function onServer<T>(url: string, work: (warehouse: Warehouse) => Promise<T>): Promise<T> {
  const warehouse = openWarehouse(url)
  try {
    return await work(warehouse)
  } finally {
    await warehouse.close()
  }
}
