// What storing a tick costs: snapshot, delta, trends, state and run of 1,000 categories, from the spool to the
// commit, against one bare INSERT of the same snapshots.
import { addCategories } from '../src/warehouse/registry.ts'
import { type BareRow, createBareTable, insertUnnest, insertValues } from './helpers/bare.ts'
import { type BenchWarehouse, withWarehouse } from './helpers/database.ts'
import { median, ms, race, timed } from './helpers/measure.ts'
import type { Figure, Question } from './helpers/question.ts'
import { categoryNames, FIVE_MINUTES_MS, HOUR_MS, readingOf, START_AT } from './helpers/readings.ts'
import { withTickWriter } from './helpers/tick-writer.ts'

const CATEGORIES = 1_000
const ROUNDS = 50

export const writeTick: Question = {
  name: 'write-tick',
  asks: 'What does writing a tick cost, against a bare INSERT of the same snapshots?',
  sizeAt: () => `${CATEGORIES} categories, median of ${ROUNDS} ticks`,

  async answer(server) {
    const within = await withWarehouse(server, (warehouse) => measure(warehouse, FIVE_MINUTES_MS))
    const closing = await withWarehouse(server, (warehouse) => measure(warehouse, HOUR_MS))
    return [
      ...figures('writing a tick, every 5 minutes', within),
      ...figures('writing a tick, every hour: each closes an hour', closing),
      {
        what: 'keeping a tick in the spool: append, fsync, read back',
        ours: ms(within.spool),
        rival: `writing it ${ms(within.tick)}`,
        ratio: within.spool / within.tick,
        goal: null,
      },
    ]
  },
}

type Times = Record<'tick' | 'values' | 'unnest' | 'spool', number>

function figures(what: string, { tick, values, unnest }: Times): Figure[] {
  return [
    {
      what,
      ours: ms(tick),
      rival: `INSERT … VALUES ${ms(values)}`,
      ratio: tick / values,
      goal: { atMost: 4 },
    },
    { what, ours: ms(tick), rival: `INSERT … unnest ${ms(unnest)}`, ratio: tick / unnest, goal: null },
  ]
}

async function measure(warehouse: BenchWarehouse, everyMs: number): Promise<Times> {
  await createBareTable(warehouse, 'bare_values')
  await createBareTable(warehouse, 'bare_unnest')
  const names = categoryNames(CATEGORIES)
  const ids = await addCategories(warehouse.db, 'default', names)
  return await withTickWriter(warehouse, async (writeTick) => {
    const spoolTimes: number[] = []
    const polls = { tick: 0, values: 0, unnest: 0 }
    const rowsOf = (poll: number): BareRow[] =>
      names.map((name, n) => ({
        categoryId: ids.get(name)!,
        snapshot: { at: START_AT + poll * everyMs + n, ...readingOf(n, poll) },
      }))
    const tick = async () => {
      const { spoolMs, storeMs } = await writeTick(names, polls.tick++, everyMs)
      spoolTimes.push(spoolMs)
      return storeMs
    }
    const values = () => {
      const rows = rowsOf(polls.values++)
      return timed(() => insertValues(warehouse, rows, 'bare_values'))
    }
    const unnest = () => {
      const rows = rowsOf(polls.unnest++)
      return timed(() => insertUnnest(warehouse, rows, 'bare_unnest'))
    }
    await race(5, { tick, values, unnest }) // the first ticks find cold caches
    return { ...(await race(ROUNDS, { tick, values, unnest })), spool: median(spoolTimes) }
  })
}
