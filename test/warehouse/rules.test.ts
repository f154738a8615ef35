// Rows that older rules made are named, and rebuild brings them to the rules of this program.
import { expect, test } from 'vitest'
import { rebuild } from '../../src/warehouse/proof/rebuild.ts'
import { verify } from '../../src/warehouse/proof/verify.ts'
import { install } from '../helpers/installation.ts'
import { withWarehouse } from '../helpers/warehouse.ts'

test('verify names the version of the rules, and rebuild sets it', async () => {
  await withWarehouse(async (warehouse) => {
    expect((await verify(warehouse)).differences).toEqual([])
    await warehouse.pool.query('update store.reporting set rules = rules - 1')
    expect((await verify(warehouse)).differences).toMatchObject([
      { table: 'store.reporting', column: 'rules', stored: '0', expected: '1' },
    ])
    await rebuild(warehouse)
    expect((await verify(warehouse)).differences).toEqual([])
  })
})

test.for([
  [0, 'made by version 0 of the rules; this program has version 1. Run: primosync rebuild'],
  [2, 'made by version 2 of the rules; this program has version 1. Use a newer primosync'],
] as const)('a tick over rows of rules %i is run, with a warning', async ([stored, warning]) => {
  const { run, witness, provider } = await install()
  await run(['sync'])
  await witness.pool.query('update store.reporting set rules = $1', [stored])
  const { code, stderr } = await run(['sync'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining(warning) })
  expect(provider.served.length).toBeGreaterThan(0)
})
