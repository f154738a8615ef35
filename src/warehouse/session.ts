// What every session relies on, whatever the role, the database, the environment or a pooler sets.
import type pg from 'pg'

/** Settings with the values that this program is written for. Read-only is not among them: that is somebody's wish. */
const SETTINGS: Readonly<Record<string, string>> = {
  client_encoding: 'UTF8',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  search_path: 'pg_catalog',
  array_nulls: 'on',
  backslash_quote: 'safe_encoding',
  bytea_output: 'hex',
  check_function_bodies: 'on',
  default_transaction_deferrable: 'off',
  default_transaction_isolation: 'read committed',
  escape_string_warning: 'on',
  extra_float_digits: '1',
  idle_session_timeout: '0',
  lc_monetary: 'C',
  lc_numeric: 'C',
  lc_time: 'C',
  quote_all_identifiers: 'off',
  row_security: 'on',
  standard_conforming_strings: 'on',
  // The program has limits of its own, and migrations and rebuilds take as long as they take.
  statement_timeout: '0',
  transform_null_equals: 'off',
  xmloption: 'content',
}

/** For the startup packet, which PostgreSQL itself takes, but not every pooler: no further message is needed then. */
export const STARTUP_OPTIONS = Object.entries(SETTINGS)
  .map(([name, value]) => `-c ${name}=${value.replaceAll(' ', '\\ ')}`)
  .join(' ')

const sets = (how: string) =>
  Object.entries(SETTINGS)
    .map(([name, value]) => `${how} ${name} = '${value}'`)
    .join('; ')

export async function pinSession(client: pg.ClientBase): Promise<void> {
  await client.query(sets('set'))
}

/** For a transaction: PgBouncer may have given it a session that is not pinned. No query, so that it may go first. */
export const PIN_TRANSACTION = sets('set local')

/** To be sent with COMMIT: with `off`, a crash of the server would undo what the spool no longer has. */
export const COMMIT_DURABLY = `select set_config('synchronous_commit', 'on', true)
  where current_setting('synchronous_commit') = 'off'; commit`
