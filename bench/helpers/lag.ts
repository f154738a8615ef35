// The rival of the trends: growth by LAG over all snapshots of a bare table, as one would write it by hand.
import { COUNTERS } from '../../src/counters/names.ts'
import { TIMEZONE } from './database.ts'

/** Growth by day of the bare table's snapshots, all of them or those that `where` picks. */
export function dailyByLag(where = 'true'): string {
  return `
    select category_id, day, ${COUNTERS.map((name) => `sum(${name}) as ${name}`).join(', ')}
    from (
      select category_id, (observed_at at time zone '${TIMEZONE}')::date as day,
        ${COUNTERS.map((name) => `${name} - lag(${name}) over series as ${name}`).join(', ')}
      from bare where ${where}
      window series as (partition by category_id order by observed_at)
    ) deltas
    group by category_id, day`
}
