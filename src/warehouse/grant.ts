// The reader role: it can read schemas sms and sync, on which analysts may rely, and nothing else.
import { sql } from 'kysely'
import pg from 'pg'
import { PrimosyncError, UsageError } from '../errors.ts'
import type { Db } from './pool.ts'

/** PostgreSQL truncates longer names silently. */
const LONGEST_NAME_BYTES = 63
/** Concurrent changes of the rights on one object fail, so they take this advisory lock. */
const GRANT_LOCK = 1_347_570_010

/**
 * Creates the role without a login if it does not exist, and grants it the right to read schemas sms and sync,
 * including what a later version adds there. An existing role keeps its attributes. Safe to repeat.
 */
export async function grantReader(db: Db, role: string): Promise<{ created: boolean }> {
  refuseOddName(role)
  return await db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(${GRANT_LOCK})`.execute(tx)
    await refuseOwner(tx, role)
    const created = await createRole(tx, role)
    await sql.raw(rightsOf(pg.escapeIdentifier(role))).execute(tx)
    await refuseOtherRights(tx, role)
    return { created }
  })
}

function refuseOddName(role: string): void {
  const isOdd = role === '' || role.includes('\0') || Buffer.byteLength(role) > LONGEST_NAME_BYTES
  if (isOdd || role === 'public' || role.startsWith('pg_'))
    throw new UsageError(`${JSON.stringify(role)} cannot be the name of a role.`, {
      hint: `A name has 1 to ${LONGEST_NAME_BYTES} bytes, is not "public", and does not begin with pg_.`,
    })
}

/** Revoking rights from an owner of the schemas would lock the program out. */
async function refuseOwner(db: Db, role: string): Promise<void> {
  const { rows } = await sql`
    select 1 from pg_roles r where r.rolname = ${role} and (r.rolsuper or exists (
      select from pg_namespace n
      where n.nspname in ('store', 'store_migrations', 'sms', 'sync') and pg_has_role(r.oid, n.nspowner, 'member')
    ))`.execute(db)
  if (rows.length > 0)
    throw new UsageError(
      `The role ${JSON.stringify(role)} has all rights here, so it cannot become a reader.`,
      {
        hint: 'It is a superuser, or owns the schemas. Choose another name.',
      },
    )
}

async function createRole(db: Db, role: string): Promise<boolean> {
  const { rows } = await sql`select 1 from pg_roles where rolname = ${role}`.execute(db)
  if (rows.length > 0) return false
  const statement = `create role ${pg.escapeIdentifier(role)} nologin`
  try {
    await sql.raw(statement).execute(db)
    return true
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === '42501')) throw error
    throw new PrimosyncError(
      'The role does not exist, and the database user of this program may not create roles.',
      {
        hint: `Let an administrator of the database run: ${statement}; then run this again.`,
        cause: error,
      },
    )
  }
}

const rightsOf = (role: string) => `
  revoke all on all tables in schema store, store_migrations, sms, sync from ${role};
  revoke all on schema store, store_migrations, sms, sync from ${role};
  grant usage on schema sms, sync to ${role};
  grant select on all tables in schema sms, sync to ${role};
  alter default privileges in schema sms, sync grant select on tables to ${role};`

/** PostgreSQL only warns if a grant has no effect, and the role may have rights through other roles. */
async function refuseOtherRights(db: Db, role: string): Promise<void> {
  const { rows } = await sql<{ object: string; can_read: boolean; can_write: boolean }>`
    select format('%I.%I', n.nspname, c.relname) as object,
      has_schema_privilege(${role}, n.oid, 'usage') and has_table_privilege(${role}, c.oid, 'select') as can_read,
      has_schema_privilege(${role}, n.oid, 'create')
        or has_table_privilege(${role}, c.oid, 'insert, update, delete, truncate') as can_write
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('store', 'sms', 'sync') and c.relkind in ('r', 'p', 'v')
    order by 1`.execute(db)
  const isOpen = (object: string) => !object.startsWith('store.')
  const tooMuch = rows.find(({ object, can_read, can_write }) => can_write || (can_read && !isOpen(object)))
  if (tooMuch)
    throw new PrimosyncError(
      `The role ${JSON.stringify(role)} can do more than read sms and sync: it can ${tooMuch.can_write ? 'change' : 'read'} ${tooMuch.object}.`,
      {
        hint: 'These rights were granted to it elsewhere, or to a role that it is a member of. Choose another name.',
      },
    )
  const tooLittle = rows.find(({ object, can_read }) => isOpen(object) && !can_read)
  if (tooLittle)
    throw new PrimosyncError(
      `The database user of this program may not grant rights on ${tooLittle.object}.`,
      {
        hint: 'Run this with a DATABASE_URL of the user that owns the schemas sms and sync.',
      },
    )
}
