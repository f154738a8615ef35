// The rival's table: the same snapshots with their primary key, and nothing else.
import { COUNTERS, type Snapshot } from '../../src/counters/names.ts'
import type { Warehouse } from '../../src/warehouse/pool.ts'

export const BARE_COLUMNS = ['category_id', 'observed_at', ...COUNTERS, 'timespent']

export async function createBareTable({ pool }: Warehouse, name = 'bare'): Promise<void> {
  await pool.query(
    `create table ${name} (category_id int, observed_at timestamptz, ${COUNTERS.map((counter) => `${counter} bigint`).join(', ')},
      timespent numeric, primary key (category_id, observed_at))`,
  )
}

export interface BareRow {
  readonly categoryId: number
  readonly snapshot: Snapshot
}

/** One statement, VALUES of all rows with a parameter a value. */
export async function insertValues(
  { pool }: Warehouse,
  rows: readonly BareRow[],
  name = 'bare',
): Promise<void> {
  const width = BARE_COLUMNS.length
  const values = rows.map((_, row) => `(${BARE_COLUMNS.map((_, i) => `$${row * width + i + 1}`).join(',')})`)
  await pool.query(`insert into ${name} values ${values.join(',')}`, rows.flatMap(cells))
}

/** One statement, unnest of an array a column: the fastest INSERT that there is. */
export async function insertUnnest(
  { pool }: Warehouse,
  rows: readonly BareRow[],
  name = 'bare',
): Promise<void> {
  const all = rows.map(cells)
  await pool.query(
    `insert into ${name} select * from unnest($1::int[], $2::timestamptz[], ${COUNTERS.map((_, i) => `$${i + 3}::bigint[]`).join(', ')},
      $${COUNTERS.length + 3}::numeric[])`,
    BARE_COLUMNS.map((_, i) => all.map((row) => row[i])),
  )
}

function cells({ categoryId, snapshot }: BareRow): (string | number | null)[] {
  return [categoryId, new Date(snapshot.at).toISOString(), ...snapshot.counters, snapshot.timespent]
}
