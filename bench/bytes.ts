// What a snapshot takes on the disk, with all that follows from it, against its bare row with a primary key.
import { addCategories } from '../src/warehouse/registry.ts'
import { createBareTable, insertUnnest } from './helpers/bare.ts'
import { withWarehouse } from './helpers/database.ts'
import type { Question, Scale } from './helpers/question.ts'
import { categoryNames, FIVE_MINUTES_MS, readingOf, START_AT } from './helpers/readings.ts'
import { withTickWriter } from './helpers/tick-writer.ts'

const CATEGORIES = 200
const pollsAt = ({ full }: Scale) => (full ? 8_640 : 2_000)

export const bytesPerSnapshot: Question = {
  name: 'bytes',
  asks: 'How many bytes does a snapshot take, all tables and indexes included?',
  sizeAt: (scale) => `${CATEGORIES} categories × ${pollsAt(scale)} 5-minute polls, written tick by tick`,

  async answer(server, scale, say) {
    return await withWarehouse(server, async (warehouse) => {
      const names = categoryNames(CATEGORIES)
      const ids = await addCategories(warehouse.db, 'default', names)
      await createBareTable(warehouse)
      const sizeOf = async (condition: string): Promise<number> => {
        const { rows } = await warehouse.pool.query(
          `select sum(pg_total_relation_size(oid))::float8 as bytes from pg_class where relkind = 'r' and ${condition}`,
        )
        return rows[0].bytes
      }
      const inStore = "relnamespace = 'store'::regnamespace"
      const before = await sizeOf(inStore)
      say('writing tick by tick')
      await withTickWriter(warehouse, async (writeTick) => {
        for (let poll = 0; poll < pollsAt(scale); poll++) {
          await writeTick(names, poll, FIVE_MINUTES_MS)
          await insertUnnest(
            warehouse,
            names.map((name, n) => ({
              categoryId: ids.get(name)!,
              snapshot: { at: START_AT + poll * FIVE_MINUTES_MS + n, ...readingOf(n, poll) },
            })),
          )
        }
      })
      const snapshots = CATEGORIES * pollsAt(scale)
      const ours = ((await sizeOf(inStore)) - before) / snapshots
      const bare = (await sizeOf("relname = 'bare'")) / snapshots
      const rival = `bare row and its key ${bare.toFixed(0)} bytes`
      return [
        {
          what: 'bytes per snapshot',
          ours: `${ours.toFixed(0)} bytes`,
          rival,
          ratio: ours / bare,
          goal: { atMost: 2 },
        },
        {
          what: 'the same against the limit',
          ours: `${ours.toFixed(0)} bytes`,
          rival: 'limit 350 bytes',
          ratio: ours / 350,
          goal: { atMost: 1 },
        },
      ]
    })
  },
}
