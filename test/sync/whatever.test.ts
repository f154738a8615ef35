// Whatever the storing side says, and at whatever step: the answers are asked for and kept, and stored in the end.
import { expect, test } from 'vitest'
import { keepPrepared } from '../../src/cli/preparation.ts'
import { loadConfig } from '../../src/config/load.ts'
import { openWarehouse } from '../../src/warehouse/pool.ts'
import { openStage, rowsOf, type Stage, storedAnswers } from '../helpers/tick.ts'

/** One of each class of PostgreSQL's list, more of those that a run may meet. */
const CODES =
  '01000 02000 03000 08006 09000 0A000 0B000 0F000 0L000 0P000 20000 21000 22003 22021 22P02 22P05 23502 23505 23514 24000 25001 25006 25P02 26000 27000 28000 2B000 2D000 2F000 34000 38000 39000 3B000 3D000 3F000 40001 42501 42601 42703 42804 42883 42P01 42P07 44000 53100 53300 54000 55000 55P03 57014 57P01 58030 72000 F0000 HV000 P0001 P0002 XX000 XX001 XX002'.split(
    ' ',
  )

/** Makes a table raise what `store.code` holds, at each statement or at rows of a condition. */
async function raising({ witness }: Stage, table: string, when = 'statement'): Promise<void> {
  await witness.pool.query(`
    create table if not exists public.raised (code text);
    grant all on public.raised to public;
    create or replace function public.raise() returns trigger language plpgsql as $$
    declare wanted text := (select code from public.raised);
    begin
      if wanted is not null then raise 'out of order' using errcode = wanted; end if;
      return new;
    end $$;
    create or replace trigger raise before insert or update on ${table} for each ${when} execute function public.raise()`)
}

async function raise({ witness }: Stage, code: string | null): Promise<void> {
  await witness.pool.query('delete from public.raised')
  await witness.pool.query('insert into public.raised values ($1)', [code])
}

const waitingOnes = async ({ spool }: Stage) => (await spool.list()).length

test('each SQLSTATE, while a run is opened: everything is asked and kept, and the reason is said', async () => {
  const stage = await openStage({ categories: ['a'] })
  await stage.tick()
  await raising(stage, 'store.lease')
  for (const code of CODES) {
    await raise(stage, code)
    expect({ code, ...(await stage.tick()) }).toMatchObject({
      code,
      status: 'ok',
      failed: 0,
      stored: 0,
      waiting: true,
      problem: expect.stringContaining('out of order'),
    })
  }
  expect(stage.provider.served).toHaveLength(1 + CODES.length)
  await raise(stage, null)
  expect(await stage.tick()).toMatchObject({ stored: 1, late: CODES.length, waiting: false, problem: null })
  expect(await storedAnswers(stage.witness)).toEqual(stage.provider.served)
})

test('at every step of a run', async () => {
  const stage = await openStage({ categories: ['a', 'b'] })
  await stage.tick()
  const tables = ['store.account', 'store.category', 'store.run', 'store.snapshot', 'store.walk']
  for (const table of tables) {
    await raising(stage, table)
    for (const code of ['42P01', 'XX000', 'P0001', '0A000', '23505', '22003', '22P05']) {
      await raise(stage, code)
      const report = await stage.tick()
      expect({ table, code, ...report }).toMatchObject({ table, code, status: 'ok', failed: 0, stored: 0 })
      expect(report).toMatchObject({ waiting: true, problem: expect.stringContaining('out of order') })
    }
    await stage.witness.pool.query(`drop trigger raise on ${table}`)
    expect(await waitingOnes(stage)).toBe(7)
    expect(await stage.tick()).toMatchObject({ stored: 2, late: 14, waiting: false })
  }
  expect(await stage.spool.listSetAside()).toEqual([])
  expect(await storedAnswers(stage.witness)).toEqual(stage.provider.served)
})

test('a category that the database refuses is in no other one’s way', async () => {
  const stage = await openStage()
  await stage.tick()
  const [row] = await rowsOf(stage.witness, `select id from store.category where name = 'b'`)
  await raising(stage, 'store.snapshot', `row when (new.category_id = ${row!.id})`)
  await raise(stage, 'P0001')
  for (let n = 0; n < 2; n++)
    expect(await stage.tick()).toMatchObject({ status: 'partial', stored: 2, rejected: 1, waiting: false })
  expect(await stage.spool.listSetAside()).toHaveLength(2)
  expect(stage.logged).toContainEqual(
    expect.stringContaining('Records that the database refuses are set aside'),
  )
})

test('a name that the database refuses is asked for, and in no other one’s way', async () => {
  const long = 'n'.repeat(256)
  const stage = await openStage({ categories: ['a', long, 'c'] })
  expect(await stage.tick()).toMatchObject({ categories: 3, stored: 2, rejected: 1, waiting: false })
  expect(stage.provider.served).toHaveLength(3)
  expect(await stage.spool.listSetAside()).toHaveLength(1)
})

test('a schema that is away for a while is used again; one that is gone is made again', async () => {
  const { pool, with: withDeps, ...stage } = await preparedStage()
  const { tick } = withDeps({ prepare: stage.prepare(60_000) })
  expect(await tick()).toMatchObject({ stored: 3 })
  await pool.query('alter schema store rename to elsewhere')
  expect(await tick()).toMatchObject({
    stored: 0,
    waiting: true,
    problem: expect.stringContaining('are gone'),
  })
  await pool.query('alter schema elsewhere rename to store')
  expect(await tick()).toMatchObject({ stored: 3, late: 3, waiting: false })

  const again = withDeps({ prepare: stage.prepare(0) })
  await again.tick()
  await pool.query('alter schema store rename to elsewhere')
  const half = await again.tick()
  expect(half).toMatchObject({ waiting: true, problem: expect.stringContaining('The schema store is gone') })
  await pool.query('drop schema elsewhere, store_migrations, sms, sync cascade')
  expect(await again.tick()).toMatchObject({ stored: 3, late: 3, waiting: false })
  expect(await storedAnswers(stage.witness)).toEqual(stage.provider.served.slice(-6))
})

async function preparedStage() {
  const stage = await openStage()
  const config = loadConfig({
    env: { PRIMOTEXTO_API_KEY: 'x', REPORTING_TIMEZONE: 'Europe/Paris' },
    cwd: '/',
  })
  const { url } = stage.proxy
  const prepare = (restoreMs: number) => {
    const warehouse = {
      ...stage.deps.warehouse,
      publicUrl: null,
      isDemo: false,
      create: async () => {},
      patient: () => openWarehouse(url),
    }
    return keepPrepared(warehouse, config, stage.deps.log, restoreMs)
  }
  const pool = stage.witness.pool
  return { ...stage, pool, prepare }
}
