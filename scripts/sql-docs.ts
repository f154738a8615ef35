// Writes docs/sql.md from the comments in a database that is migrated: the page never says anything else than
// what a tool shows. Usage: node scripts/sql-docs.ts DATABASE_URL
import { writeFile } from 'node:fs/promises'
import { openWarehouse } from '../src/warehouse/pool.ts'
import { SQL_PAGE, sqlPage } from './sql-page.ts'

const warehouse = openWarehouse(process.argv[2] ?? process.env.DATABASE_URL ?? '')
try {
  await writeFile(SQL_PAGE, await sqlPage(warehouse))
} finally {
  await warehouse.close()
}
