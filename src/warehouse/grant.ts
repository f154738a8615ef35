// The reader role: may read schemas sms and sync, and nothing else.
import { sql } from 'kysely'
import type { Db } from './pool.ts'

/** Lets a role that exists read sms and sync, now and after later migrations; safe to repeat. */
export async function grantReader(db: Db, role: string): Promise<void> {
  const reader = sql.id(role)
  await sql`grant usage on schema sms, sync to ${reader}`.execute(db)
  await sql`grant select on all tables in schema sms, sync to ${reader}`.execute(db)
  await sql`alter default privileges in schema sms, sync grant select on tables to ${reader}`.execute(db)
}
