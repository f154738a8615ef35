// Brings the schema to this program's version: the numbered SQL files, run by Kysely's Migrator, then the script of
// views and comments where it changed.
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import pg from 'pg'
import { PrimosyncError } from '../errors.ts'
import { version } from '../version.ts'
import { isDatabaseAway } from './away.ts'
import { refuseOtherEncoding } from './encoding.ts'
import type { Db } from './pool.ts'
import { appliedScript, applyRepeatable } from './schema/repeatable.ts'

const FOLDER = fileURLToPath(new URL('../../migrations/', import.meta.url))

export interface MigrationStatus {
  readonly name: string
  /** Null: not yet run. */
  readonly executedAt: Date | null
}

/** Runs what has not run yet; safe when several processes start at once. Returns the names of what ran. */
export async function migrate(db: Db): Promise<string[]> {
  await refuseNewerSchema(db)
  await refuseOtherEncoding(db)
  await refuseHalfSchema(db)
  // Kysely returns its error instead of throwing it.
  const { error, results } = await migratorOn(db).migrateToLatest()
  if (error) {
    if (isDatabaseAway(error) && !isRefused(error)) throw error
    const failed = results?.find((result) => result.status === 'Error')?.migrationName
    throw failed
      ? new PrimosyncError(
          `The migration ${failed} failed: ${error instanceof Error ? error.message : error}.`,
          {
            hint: 'Nothing was changed. The database user needs to be the owner of the database, or of its primosync schemas.',
            cause: error,
          },
        )
      : error
  }
  const migrated =
    results?.filter((result) => result.status === 'Success').map((result) => result.migrationName) ?? []
  const run = (await applyRepeatable(db)) ? [...migrated, VIEWS] : migrated
  if (run.length > 0) {
    await sql`insert into store.program (version) values (${version})
      on conflict (version) do update set migrated_at = now()`.execute(db)
  }
  return run
}

/** All migrations that this program knows, with when they ran. */
export async function migrationStatus(db: Db): Promise<MigrationStatus[]> {
  await refuseNewerSchema(db)
  const migrations = await migratorOn(db).getMigrations()
  const applied = await appliedScript(db)
  return [
    ...migrations.map(({ name, executedAt }) => ({ name, executedAt: executedAt ?? null })),
    { name: VIEWS, executedAt: applied?.isCurrent ? applied.appliedAt : null },
  ]
}

/** What the script of views and comments is called beside the migrations. */
const VIEWS = 'views'

/** The schema only goes forward: views of a newer program are left alone, too. */
async function refuseNewerSchema(db: Db): Promise<void> {
  const newest = await newestUnknown(db)
  if (newest === null) return
  const { rows: programs } = await sql<{ version: string }>`
    select version from store.program order by migrated_at desc limit 1`.execute(db)
  throw new PrimosyncError(
    `The database has a newer schema (${newest}) than primosync ${version} knows (${(await migrationNames()).at(-1)}).`,
    {
      hint: `Use primosync ${programs[0]?.version ?? 'of the version that made it'} or a newer one. A schema is never migrated back.`,
    },
  )
}

/**
 * A schema without its recorded migrations, or the reverse: a restore is under way, or somebody has dropped a part.
 * Migrating would be in the way of the one, and is no repair of the other.
 */
async function refuseHalfSchema(db: Db): Promise<void> {
  const { rows } = await sql<{ store: boolean; migrations: boolean }>`
    select to_regclass('store.snapshot') is not null as store,
      to_regclass(${`${SCHEMA}.${TABLE}`}) is not null as migrations`.execute(db)
  const there = rows[0]!
  const recorded = there.migrations
    ? (await sql`select 1 from ${sql.id(SCHEMA, TABLE)} limit 1`.execute(db)).rows.length > 0
    : false
  if (there.store === recorded) return
  throw new PrimosyncError(
    recorded
      ? `The schema store is gone, although ${SCHEMA} says that it was made.`
      : `The schema store is there, but ${SCHEMA} does not say what made it.`,
    {
      hint: `Wait if a restore is under way. Otherwise restore a backup, or begin anew: drop schema if exists store, ${SCHEMA}, sms, sync cascade`,
    },
  )
}

/** The newest migration that this program does not know, or `views` where those are of a newer program. */
async function newestUnknown(db: Db): Promise<string | null> {
  const { rows: tables } = await sql<{ exists: boolean }>`
    select to_regclass(${`${SCHEMA}.${TABLE}`}) is not null as exists`.execute(db)
  if (!tables[0]!.exists) return null
  const known = await migrationNames()
  const { rows } = await sql<{
    name: string
  }>`select name from ${sql.id(SCHEMA, TABLE)} order by name`.execute(db)
  const unknown = rows.map((row) => row.name).filter((name) => !known.includes(name))
  if (unknown.length > 0) return unknown.at(-1)!
  const applied = await appliedScript(db)
  return applied && !applied.isCurrent && isNewer(applied.version, version) ? VIEWS : null
}

function isNewer(one: string, other: string): boolean {
  return one.localeCompare(other, 'en', { numeric: true }) > 0
}

/** Missing rights: waiting does not help, so the user has to be told. */
const isRefused = (error: unknown) => error instanceof pg.DatabaseError && error.code === '42501'

const SCHEMA = 'store_migrations'
const TABLE = 'migration'

function migratorOn(db: Db): Migrator {
  return new Migrator({
    db,
    provider: { getMigrations: readMigrations },
    migrationTableSchema: SCHEMA,
    migrationTableName: TABLE,
    migrationLockTableName: 'migration_lock',
  })
}

async function migrationNames(): Promise<string[]> {
  const files = await readdir(FOLDER)
  return files
    .filter((file) => /^\d{4}_.*\.sql$/.test(file))
    .sort()
    .map((file) => file.slice(0, -'.sql'.length))
}

async function readMigrations(): Promise<Record<string, Migration>> {
  const names = await migrationNames()
  const entries = names.map(async (name): Promise<[string, Migration]> => {
    const text = await readFile(`${FOLDER}${name}.sql`, 'utf8')
    return [name, { up: async (db) => void (await sql.raw(text).execute(db)) }]
  })
  return Object.fromEntries(await Promise.all(entries))
}
