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
  transaction_timeout: '0', // from PostgreSQL 17 on
  transform_null_equals: 'off',
  xmloption: 'content',
}

const list = Object.entries(SETTINGS)
  .map(([name, value]) => `('${name}', '${value}')`)
  .join(', ')

/** `off` would let a crash of the server undo what was taken from the spool already. */
const DURABLE = `case when current_setting('synchronous_commit') = 'off' then 'on' else current_setting('synchronous_commit') end`

/** A statement that sets all of them, until the end of the session or of the transaction. */
const pinning = (isLocal: boolean) =>
  `select set_config(s.name, v.value, ${isLocal}), set_config('synchronous_commit', ${DURABLE}, ${isLocal})
  from (values ${list}) v (name, value) join pg_catalog.pg_settings s on lower(s.name) = lower(v.name)`

export async function pinSession(client: pg.ClientBase): Promise<void> {
  await client.query(pinning(false))
}

/** For a transaction: PgBouncer may have given it a session that is not pinned. */
export const PIN_TRANSACTION = pinning(true)
