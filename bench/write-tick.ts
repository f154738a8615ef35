// What storing a tick costs: snapshot, delta, trends, state and run of 1,000 categories, from the spool to the
// commit, against one bare INSERT of the same snapshots.
import type { Snapshot } from '../src/counters/names.ts'
import type { Delta } from '../src/counters/step.ts'
import type { Transaction } from '../src/warehouse/pool.ts'
import { addCategories } from '../src/warehouse/registry.ts'
import { CopySink } from '../src/warehouse/series/copy-sink.ts'
import { InsertSink } from '../src/warehouse/series/insert-sink.ts'
import { CATEGORIES_AT_ONCE } from '../src/warehouse/series/record.ts'
import type { RowSink } from '../src/warehouse/series/row-sink.ts'
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
    const sinks = await withWarehouse(server, measureSinks)
    return [
      ...figures('writing a tick, every 5 minutes', within),
      ...figures('writing a tick, every hour: each closes an hour', closing),
      {
        what: 'new snapshots of a tick, by INSERT … unnest',
        ours: ms(sinks.insert),
        rival: `COPY ${ms(sinks.copy)}`,
        ratio: sinks.insert / sinks.copy,
        goal: null,
      },
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

/** The two ways to write new snapshots, in the parts that a tick writes them in. */
async function measureSinks(warehouse: BenchWarehouse): Promise<Record<'insert' | 'copy', number>> {
  const polls = { insert: 0, copy: 0 }
  const write = async (ids: number, poll: number, sinkIn: (tx: Transaction) => RowSink) => {
    const at = START_AT + poll * FIVE_MINUTES_MS
    const snapshots = Array.from({ length: CATEGORIES }, (_, n) => ({ at, ...readingOf(n, poll) }))
    const rows = snapshots.map((snapshot) => ({ snapshot, delta: growthOf(snapshot) }))
    return await timed(() =>
      warehouse.transaction(async (tx) => {
        const sink = sinkIn(tx)
        for (const [n, { snapshot, delta }] of rows.entries()) {
          sink.addSnapshot(ids + n, snapshot, delta)
          if (sink.size === CATEGORIES_AT_ONCE) await sink.flushSnapshots()
        }
      }),
    )
  }
  const origin = { runId: 1, imported: false }
  const insert = () => write(0, polls.insert++, ({ db }) => new InsertSink(db, origin))
  const copy = () => write(CATEGORIES, polls.copy++, ({ connection }) => new CopySink(connection, origin))
  await race(5, { insert, copy })
  return await race(ROUNDS, { insert, copy })
}

function growthOf({ at, counters }: Snapshot): Delta {
  return {
    previousAt: at - FIVE_MINUTES_MS,
    kind: 'growth',
    decided: false,
    counters: counters.map((value) => value && value % 100),
    timespent: null,
    extra: null,
  }
}
