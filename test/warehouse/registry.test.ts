// What an import brings is not polled until somebody asks for it; what a person paused stays paused.
import { expect, test } from 'vitest'
import { readTargets } from '../../src/sync/targets.ts'
import { addCategories, listCategories, setCategoryState } from '../../src/warehouse/registry.ts'
import { temporaryFolder } from '../helpers/cli.ts'
import { withWarehouse } from '../helpers/warehouse.ts'

test('listing an imported category makes it active, but not one that was paused by hand', async () => {
  await withWarehouse(async (warehouse) => {
    const ids = await addCategories(
      warehouse.db,
      'default',
      ['imported', 'paused by hand', 'never listed'],
      'paused',
    )
    await setCategoryState(warehouse.db, ids.get('paused by hand')!, 'paused')
    const accounts = [{ name: 'default', label: null, categories: ['imported', 'paused by hand', 'new'] }]
    const targets = await readTargets(warehouse, accounts, temporaryFolder())
    expect(targets.map(({ category }) => category)).toEqual(['imported', 'new'])
    const states = (await listCategories(warehouse.db)).map(({ category, state }) => [category, state])
    expect(Object.fromEntries(states)).toEqual({
      imported: 'active',
      new: 'active',
      'never listed': 'paused',
      'paused by hand': 'paused',
    })
  })
})

test('the label of an account in the settings reaches sms.accounts, and stays where none is given', async () => {
  await withWarehouse(async (warehouse) => {
    const labelAfter = async (label: string | null) => {
      await readTargets(warehouse, [{ name: 'shop', label, categories: [] }], temporaryFolder())
      const { rows } = await warehouse.pool.query(`select label from sms.accounts where account = 'shop'`)
      return rows[0].label
    }
    expect(await labelAfter('The shop')).toBe('The shop')
    expect(await labelAfter('Shop, Lyon')).toBe('Shop, Lyon')
    expect(await labelAfter(null)).toBe('Shop, Lyon')
  })
})
