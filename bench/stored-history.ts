// Whether a tick stays as fast as it was while history grows: the same ticks into an empty warehouse and into
// full ones. The history is written by SQL; the tick itself goes through the program's own doors.
import { type BenchWarehouse, type Server, withWarehouse } from './helpers/database.ts'
import { fillSnapshots, fillTrends, prepareHistory, settle } from './helpers/history.ts'
import { ms, race } from './helpers/measure.ts'
import type { Figure, Question, Scale } from './helpers/question.ts'
import { categoryNames, FIVE_MINUTES_MS } from './helpers/readings.ts'
import { type TickWriter, withTickWriter } from './helpers/tick-writer.ts'

const CATEGORIES = 1_000
const ROUNDS = 50
const EVERY_SECONDS = FIVE_MINUTES_MS / 1000

/** Days of history at 5-minute polls. */
const daysAt = ({ full }: Scale) => (full ? [4, 70] : [4])
const millions = (days: number) => `${((days * 86_400 * CATEGORIES) / EVERY_SECONDS / 1e6).toFixed(1)} M`

export const storedHistory: Question = {
  name: 'stored-history',
  asks: 'Does a tick stay as fast as history grows?',
  sizeAt: (scale) =>
    `${CATEGORIES} categories, median of ${ROUNDS} ticks, with ${daysAt(scale)
      .map(millions)
      .join(' and ')} snapshots stored`,

  async answer(server, scale, say) {
    const names = categoryNames(CATEGORIES)
    return await withTickers(server, [0, ...daysAt(scale)], say, async (tickers) => {
      const rivals = Object.fromEntries(
        tickers.map(({ days, writeTick }) => {
          let poll = 0
          return [days, async () => (await writeTick(names, poll++, FIVE_MINUTES_MS)).storeMs]
        }),
      )
      await race(8, rivals)
      const times = await race(ROUNDS, rivals)
      const against = (days: number, rival: number, goal: Figure['goal']): Figure => ({
        what: `writing a tick with ${millions(days)} snapshots stored`,
        ours: ms(times[days]!),
        rival: `with ${rival === 0 ? 'none' : millions(rival)} ${ms(times[rival]!)}`,
        ratio: times[days]! / times[rival]!,
        goal,
      })
      const sizes = daysAt(scale)
      return [
        ...sizes.map((days) => against(days, 0, { atMost: 1.1 })),
        ...sizes.slice(1).map((days) => against(days, sizes[0]!, null)),
      ]
    })
  },
}

interface Ticker {
  readonly days: number
  readonly writeTick: TickWriter
}

/** A warehouse for each size, all open at once, so that they can take turns. */
async function withTickers<T>(
  server: Server,
  sizes: readonly number[],
  say: (line: string) => void,
  work: (tickers: readonly Ticker[]) => Promise<T>,
): Promise<T> {
  const [days, ...others] = sizes
  if (days === undefined) return await work([])
  return await withWarehouse(server, async (warehouse) => {
    if (days > 0) {
      say(`storing ${days} days of history`)
      await fill(warehouse, days)
    }
    return await withTickers(server, others, say, (tickers) =>
      withTickWriter(warehouse, (writeTick) => work([{ days, writeTick }, ...tickers])),
    )
  })
}

async function fill(warehouse: BenchWarehouse, days: number): Promise<void> {
  const history = { categories: CATEGORIES, days, until: '2024-12-31', everySeconds: EVERY_SECONDS }
  const span = await prepareHistory(warehouse, history)
  await fillSnapshots(warehouse, span, EVERY_SECONDS)
  await fillTrends(warehouse, span, EVERY_SECONDS)
  await settle(warehouse)
}
