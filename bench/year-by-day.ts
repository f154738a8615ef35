// A year of daily trends of all categories, fetched whole, against LAG over all their snapshots.
import { COUNTERS } from '../src/counters/names.ts'
import { createBareTable } from './helpers/bare.ts'
import { withWarehouse } from './helpers/database.ts'
import { fetchAll } from './helpers/fetch.ts'
import { fillBare, fillTrends, prepareHistory, settle } from './helpers/history.ts'
import { dailyByLag } from './helpers/lag.ts'
import { ms, race } from './helpers/measure.ts'
import type { Question, Scale } from './helpers/question.ts'

const CATEGORIES = 1_000
const DAYS = 365
/** A year of 5-minute polls of 1,000 categories, which the goal is about, would be 17 GB in the bare table. */
const POLLS_OF_THE_GOAL = CATEGORIES * DAYS * 288
const everySecondsAt = ({ full }: Scale) => (full ? 3_600 : 6 * 3_600)
const pollsAt = (scale: Scale) => (CATEGORIES * DAYS * 86_400) / everySecondsAt(scale)

export const yearByDay: Question = {
  name: 'year-by-day',
  asks: 'A year of daily trends of all categories: how much faster than LAG over all snapshots?',
  sizeAt: (scale) =>
    `${CATEGORIES} categories × ${DAYS} days; LAG over ${(pollsAt(scale) / 1e6).toFixed(2)} M snapshots (a poll every ${everySecondsAt(scale) / 3_600} h)`,

  async answer(server, scale, say) {
    return await withWarehouse(server, async (warehouse) => {
      const everySeconds = everySecondsAt(scale)
      say('storing a year of history')
      const span = await prepareHistory(warehouse, {
        categories: CATEGORIES,
        days: DAYS,
        until: '2024-12-30',
        everySeconds,
      })
      await createBareTable(warehouse)
      await fillBare(warehouse, span, everySeconds)
      await fillTrends(warehouse, span, everySeconds)
      await settle(warehouse)
      const daily = `select category, day, ${COUNTERS.join(', ')} from sms.trends_daily where day <= '2024-12-30'`
      const rows = CATEGORIES * DAYS
      // The last snapshot, at midnight, is of one more day in the bare table.
      const lag = dailyByLag(`observed_at < '${span.to}'`)
      const { trends, byLag } = await race(3, {
        trends: () => fetchAll(warehouse, daily, rows),
        byLag: () => fetchAll(warehouse, lag, rows),
      })
      const extrapolated = (byLag * POLLS_OF_THE_GOAL) / pollsAt(scale)
      return [
        {
          what: 'a year by day, all categories, as measured',
          ours: ms(trends),
          rival: `LAG over ${(pollsAt(scale) / 1e6).toFixed(2)} M snapshots ${ms(byLag)}`,
          ratio: byLag / trends,
          goal: null,
        },
        {
          what: 'the same with the time of LAG per snapshot × 105 M, 5-minute polls',
          ours: ms(trends),
          rival: `LAG, extrapolated ${ms(extrapolated)}`,
          ratio: extrapolated / trends,
          goal: { atLeast: 100 },
        },
      ]
    })
  },
}
