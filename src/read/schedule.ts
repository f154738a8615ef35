// How often ticks are due, as the program that ticks has noted it.
import { sql } from 'kysely'
import type { Source } from './source.ts'

/** The longest time between two ticks of the schedule; null: no schedule has run yet. */
export async function readExpectedEverySeconds({ db }: Pick<Source, 'db'>): Promise<number | null> {
  const row = await db
    .selectFrom('store.reporting')
    .select(sql<number | null>`extract(epoch from expected_every)::float8`.as('seconds'))
    .executeTakeFirst()
  return row?.seconds ?? null
}
