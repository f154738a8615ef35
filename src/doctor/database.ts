// The checks of the database: version, role in replication, rights, schema, reporting time zone.
import { sql } from 'kysely'
import { DatabaseAwayError, PrimosyncError, reasonOf } from '../errors.ts'
import { PROGRAM } from '../own-command.ts'
import { asStoringProblem } from '../warehouse/away.ts'
import { refuseUnknownTimezone, reportingTimezone } from '../warehouse/calendar.ts'
import { ENCODING_ADVICE } from '../warehouse/encoding.ts'
import { migrationStatus } from '../warehouse/migrate.ts'
import type { Db, Warehouse } from '../warehouse/pool.ts'
import { probe } from '../warehouse/probe.ts'
import { rulesProblem } from '../warehouse/rules.ts'
import { type Finding, ill, well } from './finding.ts'

const OLDEST_MAJOR = 15

interface Server {
  readonly version: string
  readonly number: number
  readonly inRecovery: boolean
  readonly readOnly: boolean
  readonly mayCreate: boolean
  readonly ownsStore: boolean | null
  readonly user: string
  readonly encoding: string
}

/** Returns one finding per check. If the database cannot be used, that is the only one. */
export async function checkDatabase(warehouse: Warehouse, timezone: string): Promise<Finding[]> {
  const { db } = warehouse
  const startedAt = performance.now()
  let server: Server
  try {
    server = await readServer(db)
  } catch (error) {
    return [
      ill(
        'database',
        `cannot be used: ${reasonOf(error)}`,
        'Check that PostgreSQL runs and that DATABASE_URL is right.',
      ),
    ]
  }
  const ms = Math.round(performance.now() - startedAt)
  const schema = await checkSchema(db)
  return [
    checkVersion(server, ms),
    checkEncoding(server),
    checkRole(server),
    checkRights(server),
    schema,
    await checkZone(db, timezone),
    ...(schema.ok && (await hasZone(db)) ? [await checkStoring(warehouse)] : []),
  ]
}

/** The first run or migration settles it. */
async function hasZone(db: Db): Promise<boolean> {
  return (await reportingTimezone(db).catch(() => null)) !== null
}

/** A database can answer every question and take nothing: a full disk, a trigger, a lock, a lost right. */
async function checkStoring(warehouse: Warehouse): Promise<Finding> {
  try {
    await probe(warehouse)
    return well('storing', 'a snapshot was stored, read back and rolled back')
  } catch (error) {
    return ill(
      'storing',
      `a snapshot cannot be stored: ${reasonOf(error)}`,
      asStoringProblem(error) instanceof DatabaseAwayError
        ? 'Until it can be, answers wait in the spool. The log of PostgreSQL says more.'
        : 'Remove what refuses it (a trigger, a constraint, a rule). Until then answers wait in the spool.',
    )
  }
}

function checkEncoding({ encoding }: Server): Finding {
  if (encoding === 'UTF8') return well('encoding', encoding)
  return ill('encoding', `${encoding}, which cannot store every name and answer`, ENCODING_ADVICE)
}

async function readServer(db: Db): Promise<Server> {
  const { rows } = await sql<Server>`
    select current_setting('server_version') as version, current_setting('server_version_num')::integer as number,
      pg_is_in_recovery() as "inRecovery", current_setting('transaction_read_only')::boolean as "readOnly",
      has_database_privilege(current_database(), 'create') as "mayCreate",
      (select pg_has_role(nspowner, 'member') from pg_namespace where nspname = 'store') as "ownsStore",
      current_user as user, current_setting('server_encoding') as encoding`.execute(db)
  return rows[0]!
}

function checkVersion({ version, number }: Server, ms: number): Finding {
  const found = `PostgreSQL ${version}, answers in ${ms} ms`
  if (Math.floor(number / 10_000) >= OLDEST_MAJOR) return well('database', found)
  return ill('database', found, `Use PostgreSQL ${OLDEST_MAJOR} or newer.`)
}

function checkRole({ inRecovery, readOnly }: Server): Finding {
  if (inRecovery) {
    return ill(
      'replication',
      'this server is a standby',
      'Set DATABASE_URL to the primary. Until then answers wait in the spool.',
    )
  }
  if (readOnly) {
    return ill(
      'replication',
      'the primary, but read-only',
      'Check default_transaction_read_only of this user and this database.',
    )
  }
  return well('replication', 'the primary, writable')
}

function checkRights({ mayCreate, ownsStore, user }: Server): Finding {
  if (ownsStore) return well('rights', `${user} owns the schemas of primosync`)
  if (ownsStore === null && mayCreate) return well('rights', `${user} may create the schemas of primosync`)
  return ownsStore === null
    ? ill(
        'rights',
        `${user} may not create schemas`,
        `As an administrator of the database, run: grant create on database … to ${user}`,
      )
    : ill(
        'rights',
        `${user} does not own the schema store`,
        'Use the user that ran the first migration, or make this user a member of it.',
      )
}

async function checkSchema(db: Db): Promise<Finding> {
  try {
    const waiting = (await migrationStatus(db)).filter(({ executedAt }) => executedAt === null)
    if (waiting.length > 0) {
      const names = waiting.map(({ name }) => name).join(', ')
      return ill('schema', `not up to date: ${names} must be run`, `Run: ${PROGRAM} migrate`)
    }
    const problem = await rulesProblem(db)
    return problem ? ill('schema', problem.message, problem.hint) : well('schema', 'up to date')
  } catch (error) {
    const advice = error instanceof PrimosyncError ? error.hint : null
    return ill('schema', reasonOf(error), advice ?? `Run: ${PROGRAM} migrate --status`)
  }
}

async function checkZone(db: Db, timezone: string): Promise<Finding> {
  try {
    await refuseUnknownTimezone(db, timezone)
    const settled = await reportingTimezone(db).catch(() => null) // no schema yet
    if (settled === null || settled === timezone) return well('zone', timezone)
    return ill(
      'zone',
      `REPORTING_TIMEZONE is ${timezone}, but the warehouse keeps its days in ${settled}`,
      `Set REPORTING_TIMEZONE=${settled}, or run: ${PROGRAM} rebuild --timezone ${timezone}`,
    )
  } catch (error) {
    return ill('zone', reasonOf(error), 'Set REPORTING_TIMEZONE to a name such as Europe/Paris.')
  }
}
