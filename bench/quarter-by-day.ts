// One category, 90 days by day, against LAG over its snapshots with an index on (category, observed_at). The
// bare table is filled tick by tick, so that the rows of a category lie apart, as in life.
import { COUNTERS } from '../src/counters/names.ts'
import { createBareTable } from './helpers/bare.ts'
import { withWarehouse } from './helpers/database.ts'
import { fillBare, fillTrends, prepareHistory, settle } from './helpers/history.ts'
import { dailyByLag } from './helpers/lag.ts'
import { ms, race, timed } from './helpers/measure.ts'
import type { Question, Scale } from './helpers/question.ts'

const DAYS = 90
const EVERY_SECONDS = 300
const ROUNDS = 25
/** More than 50 rows of other categories between two of one: each is on a page of its own. */
const categoriesAt = ({ full }: Scale) => (full ? 1_000 : 60)

export const quarterByDay: Question = {
  name: 'quarter-by-day',
  asks: 'One category, 90 days by day: how much faster than LAG with an index?',
  sizeAt: (scale) =>
    `${categoriesAt(scale)} categories × ${DAYS} days of 5-minute polls, median of ${ROUNDS}`,

  async answer(server, scale, say) {
    return await withWarehouse(server, async (warehouse) => {
      say('storing a quarter of history')
      const history = {
        categories: categoriesAt(scale),
        days: DAYS,
        until: '2024-12-30',
        everySeconds: EVERY_SECONDS,
      }
      const span = await prepareHistory(warehouse, history)
      await createBareTable(warehouse)
      await fillBare(warehouse, span, EVERY_SECONDS)
      await fillTrends(warehouse, span, EVERY_SECONDS)
      await settle(warehouse)
      const daily = `select day, ${COUNTERS.join(', ')} from sms.trends_daily
        where account = 'default' and category = 'load-7' and day > date '2024-12-30' - ${DAYS} and day <= '2024-12-30'`
      const lag = dailyByLag(
        `category_id = (select id from store.category where name = 'load-7') and observed_at < '${span.to}'`,
      )
      const fetchDays = (query: string) =>
        timed(async () => {
          const { rowCount } = await warehouse.pool.query(query)
          if (rowCount !== DAYS) throw new Error(`${rowCount} days instead of ${DAYS}`)
        })
      const rivals = { trends: () => fetchDays(daily), byLag: () => fetchDays(lag) }
      await race(3, rivals)
      const { trends, byLag } = await race(ROUNDS, rivals)
      return [
        {
          what: 'one category, 90 days by day',
          ours: ms(trends),
          rival: `LAG with an index ${ms(byLag)}`,
          ratio: byLag / trends,
          goal: { atLeast: 30 },
        },
      ]
    })
  },
}
