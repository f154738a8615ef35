// Decisions are append-only, also for the owner of the database.
import { expect, test } from 'vitest'
import { decideLine, recordLines, withWarehouse } from '../helpers/warehouse.ts'

test('a decision can neither be changed nor removed', async () => {
  await withWarehouse(async (warehouse) => {
    const line = (minute: string, sent: number) => ({
      category: 'c',
      observed_at: `2026-03-01T10:${minute}:00Z`,
      stats: { sent },
    })
    await recordLines(warehouse, [line('00', 10), line('05', 9)])
    await decideLine(warehouse, { ...line('05', 9), as: 'reset' })
    for (const rewriting of [
      `update store.decision set decided_as = 'dip'`,
      'delete from store.decision',
      'truncate store.decision',
    ]) {
      await expect(warehouse.pool.query(rewriting)).rejects.toThrow(/append-only/)
    }
    const { rows } = await warehouse.pool.query('select decided_as, holds from sync.decisions')
    expect(rows).toEqual([{ decided_as: 'reset', holds: true }])
  })
})
