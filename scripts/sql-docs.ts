// Writes docs/sql.md and docs/store.sql from a new, migrated database, so that they say what a tool shows.
// Usage: node scripts/sql-docs.ts
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbedded } from '../src/embedded/embedded.ts'
import { migrate } from '../src/warehouse/migrate.ts'
import { openWarehouse } from '../src/warehouse/pool.ts'
import { SQL_PAGE, sqlPage } from './sql-page.ts'
import { STORE_DUMP, storeDump } from './store-dump.ts'

const dataDir = await mkdtemp(join(tmpdir(), 'primosync-docs-'))
const server = await openEmbedded({ dataDir, exclusive: true })
const warehouse = openWarehouse(server.ownerUrl)
try {
  await migrate(warehouse.db)
  await writeFile(SQL_PAGE, await sqlPage(warehouse))
  await writeFile(STORE_DUMP, await storeDump(warehouse))
} finally {
  await warehouse.close()
  await server.stop()
  await rm(dataDir, { recursive: true, force: true })
}
