// Resets and corrections that only the rules have judged, and the command that shows what deciding otherwise would do.
import { sql } from 'kysely'
import type { Grain } from '../counters/grains.ts'
import type { CategoryKey } from './category-keys.ts'
import type { Source } from './source.ts'

export interface Review {
  readonly kind: 'reset' | 'correction'
  readonly observed_at: Date
}

/** Those in the buckets from `first` to `last`, the newest first; at most `most`. */
export async function readReviews(
  { db }: Pick<Source, 'db'>,
  { account, category }: CategoryKey,
  { by, first, last }: { by: Grain; first: Date | string; last: Date | string },
  most: number,
): Promise<Review[]> {
  const column = sql.ref(by === 'hour' ? 'day' : by)
  const within =
    by === 'hour'
      ? sql`d.observed_at >= ${first} and d.observed_at < ${last}::timestamptz + interval '1 hour'`
      : sql`d.observed_at >= (select min(starts_at) from sms.calendar where ${column} = ${first})
          and d.observed_at < (select max(ends_at) from sms.calendar where ${column} = ${last})`
  const { rows } = await sql<Review>`
    /* readReviews */
    select d.kind, d.observed_at from sms.deltas d
    where d.account = ${account} and d.category = ${category}
      and d.kind in ('reset', 'correction') and not d.decided and ${within}
    order by d.observed_at desc limit ${most}`.execute(db)
  return rows
}

/** A line for a POSIX shell. It records nothing; --why in place of --dry-run decides. */
export function reviewCommand({ account, category }: CategoryKey, { kind, observed_at }: Review): string {
  const other = kind === 'reset' ? 'correction' : 'reset'
  return `primosync reclassify --account ${quoted(account)} --category ${quoted(category)} --at ${observed_at.toISOString()} --as ${other} --dry-run`
}

const quoted = (text: string) =>
  /^[\w.@%+:,/][\w.@%+:,/-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
