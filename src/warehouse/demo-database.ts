// The database of the demo beside the named one: whether it is there, which of the two is in use, and its creation.
import { sql } from 'kysely'
import pg from 'pg'
import { UsageError } from '../errors.ts'
import type { Db } from './pool.ts'

/** Whether a database of this name is on the same server. */
export async function databaseExists(db: Db, name: string): Promise<boolean> {
  const { rows } = await sql`select 1 from pg_database where datname = ${name}`.execute(db)
  return rows.length > 0
}

/** Whether the database holds an account other than `account`. False if it has no tables of primosync. */
export async function holdsOthers(db: Db, account: string): Promise<boolean> {
  const { rows: tables } = await sql<{ exists: boolean }>`
    select to_regclass('store.account') is not null as exists`.execute(db)
  if (!tables[0]!.exists) return false
  const query = db.selectFrom('store.account').select('id').where('name', '<>', account).limit(1)
  return (await query.executeTakeFirst()) !== undefined
}

/** Creates the demo's database on the server of `db` if it is not there. Throws a UsageError where that is not allowed. */
export async function createDemoDatabase(db: Db, name: string): Promise<void> {
  if (await databaseExists(db, name)) return
  try {
    // template0, because nobody can be connected to it, and it can have any encoding
    await sql`create database ${sql.id(name)} template template0 encoding 'UTF8'`.execute(db)
  } catch (error) {
    const code = error instanceof pg.DatabaseError ? error.code : undefined
    if (code === '42P04' || code === '23505') return // another process was first
    if (code !== '42501') throw error
    throw new UsageError(
      `Without PRIMOTEXTO_API_KEY this is the demo, whose data live in a database of their own, and the user of DATABASE_URL may not create ${JSON.stringify(name)}.`,
      {
        hint: `Set PRIMOTEXTO_API_KEY; or let an administrator create the database ${JSON.stringify(name)} with that user as its owner; or leave out DATABASE_URL to try the demo on the embedded PostgreSQL.`,
        cause: error,
      },
    )
  }
}
