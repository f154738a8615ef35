// Σ totals = Σ trends: what the views of whole accounts add up to is what those of their categories do.
import { sql } from 'kysely'
import { GRAINS, VIEW_ENDINGS } from '../../counters/grains.ts'
import { COUNTERS } from '../../counters/names.ts'
import type { Db } from '../pool.ts'
import { splitArray } from '../series/text.ts'

export interface TotalDifference {
  readonly table: string
  readonly account: string
  readonly column: string
  readonly stored: string | null
  readonly expected: string | null
}

const SUMS = sql.raw(`array[${COUNTERS.map((name) => `sum(${name})`).join(', ')}]::text`)
const NOTHING = COUNTERS.map(() => null)

/** Compares each sms.totals_ view with its trends, by account. In a transaction that sees one state of the database. */
export async function compareTotals(db: Db): Promise<TotalDifference[]> {
  const found: TotalDifference[] = []
  for (const grain of GRAINS) {
    const [totals, trends] = [`sms.totals_${VIEW_ENDINGS[grain]}`, `sms.trends_${VIEW_ENDINGS[grain]}`]
    const { rows } = await sql<{ account: string; stored: string | null; expected: string | null }>`
      /* compareTotals */
      select account, t.sums as stored, e.sums as expected
      from (select account, ${SUMS} as sums from ${sql.table(totals)} group by account) t
      full join (select account, ${SUMS} as sums from ${sql.table(trends)} group by account) e using (account)
      where t.sums is distinct from e.sums`.execute(db)
    for (const { account, stored, expected } of rows) {
      const [is, should] = [stored, expected].map((sums) => (sums === null ? NOTHING : splitArray(sums)))
      for (const [i, name] of COUNTERS.entries()) {
        const column = `sum(${name})`
        if (is![i] !== should![i])
          found.push({ table: totals, account, column, stored: is![i]!, expected: should![i]! })
      }
    }
  }
  return found
}
