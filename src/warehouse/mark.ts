// Tells whether the schema is the one that was prepared.
import { sql } from 'kysely'
import pg from 'pg'
import type { Db } from './pool.ts'

/**
 * Differs between two databases, and after each migration, restore and change of the reporting zone; null: a part of
 * the schema is missing.
 */
export async function readMark(db: Db): Promise<string | null> {
  try {
    const { rows } = await sql<{ mark: string | null }>`
      /* readMark */
      select concat_ws(' ', 'store.lease'::regclass::oid, 'store.snapshot'::regclass::oid, 'sms.snapshots'::regclass::oid,
        (select max(name) from store_migrations.migration), r.checksum, p.timezone) as mark
      from store.repeatable r, store.reporting p`.execute(db)
    return rows[0]?.mark ?? null
  } catch (error) {
    if (error instanceof pg.DatabaseError && MISSING.includes(error.code ?? '')) return null
    throw error
  }
}

/** A schema, a table, a column. */
const MISSING = ['3F000', '42P01', '42703']
