// The part of the schema that is not migrated but made again whenever it changed: views, functions, dictionary,
// comments and the guard of snapshots. One script, made from the lists of counters and rates.
import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import pg from 'pg'
import { PrimosyncError } from '../../errors.ts'
import { PROGRAM } from '../../own-command.ts'
import { version } from '../../version.ts'
import type { Db } from '../pool.ts'
import { commentsSql } from './comments.ts'
import { dictionarySql } from './dictionary.ts'
import { guardsSql } from './guards.ts'
import { viewsSql } from './views.ts'

/** The whole script; it can be run any number of times. */
export function repeatableSql(): string {
  return [viewsSql(), dictionarySql(), commentsSql(), guardsSql()].join('\n\n')
}

export interface AppliedScript {
  readonly version: string
  /** Whether it is the script of this program. */
  readonly isCurrent: boolean
  readonly appliedAt: Date
}

/** The script that made what is in the database; null: none did. */
export async function appliedScript(db: Db): Promise<AppliedScript | null> {
  const { rows: tables } = await sql<{ exists: boolean }>`
    select to_regclass('store.repeatable') is not null as exists`.execute(db)
  if (!tables[0]!.exists) return null
  const row = await db.selectFrom('store.repeatable').selectAll().executeTakeFirst()
  return row
    ? {
        version: row.version,
        isCurrent: row.checksum === checksumOf(repeatableSql()),
        appliedAt: row.applied_at,
      }
    : null
}

/** Runs the script where it changed, in one transaction; safe when several start at once. Returns whether it ran. */
export async function applyRepeatable(db: Db): Promise<boolean> {
  return await db.transaction().execute(async (tx) => {
    await sql`lock table store.repeatable in exclusive mode`.execute(tx)
    if ((await appliedScript(tx))?.isCurrent) return false
    const script = repeatableSql()
    await sql`savepoint replacing`.execute(tx)
    try {
      await sql.raw(script).execute(tx)
    } catch (error) {
      if (!isOtherShape(error)) throw error
      await sql`rollback to savepoint replacing`.execute(tx)
      await makeAnew(tx, script)
    }
    const applied = { checksum: checksumOf(script), version, applied_at: new Date() }
    await tx
      .insertInto('store.repeatable')
      .values(applied)
      .onConflict((conflict) => conflict.column('one').doUpdateSet(applied))
      .execute()
    return true
  })
}

const checksumOf = (script: string) => createHash('sha256').update(script).digest('hex')

/** PostgreSQL replaces a view only where its first columns stay as they are (invalid_table_definition). */
const isOtherShape = (error: unknown) => error instanceof pg.DatabaseError && error.code === '42P16'

/** Drops all views and makes them again, with the rights that others have on them. */
async function makeAnew(tx: Db, script: string): Promise<void> {
  const { rows: views } = await sql<{ name: string; grants: string[] }>`
    select format('%I.%I', n.nspname, c.relname) as name,
      array(
        select format('grant %s on %I.%I to %s%s', g.privilege_type, n.nspname, c.relname,
          case when g.grantee = 0 then 'public' else g.grantee::regrole::text end,
          case when g.is_grantable then ' with grant option' else '' end)
        from aclexplode(c.relacl) g where g.grantee <> c.relowner
      ) as grants
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('store', 'sms', 'sync') and c.relkind = 'v'
    order by c.oid desc`.execute(tx)
  try {
    await sql.raw(`drop view ${views.map(({ name }) => name).join(', ')}`).execute(tx)
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === '2BP01')) throw error
    throw new PrimosyncError(
      `A view of this version has another shape, and objects of yours depend on it: ${error.detail ?? error.message}.`,
      { hint: `Drop these objects, run ${PROGRAM} migrate, and create them again.`, cause: error },
    )
  }
  await sql.raw(script).execute(tx)
  const isThere = new Set((await viewNames(tx)).map(({ name }) => name))
  const grants = views.filter(({ name }) => isThere.has(name)).flatMap(({ grants }) => grants)
  if (grants.length > 0) await sql.raw(grants.join('; ')).execute(tx)
}

async function viewNames(tx: Db): Promise<{ name: string }[]> {
  const { rows } = await sql<{ name: string }>`
    select format('%I.%I', n.nspname, c.relname) as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('store', 'sms', 'sync') and c.relkind = 'v'`.execute(tx)
  return rows
}
