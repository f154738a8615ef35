// primosync rejudge: what is valid by now is stored as if it had been stored in time, once, and the rest says why not.
import { expect, test } from 'vitest'
import { readRejecting } from '../../src/read/rejecting.ts'
import { verify } from '../../src/warehouse/proof/verify.ts'
import { runCli } from '../helpers/cli.ts'
import {
  importText,
  readTrends,
  recordLines,
  type TestWarehouse,
  withWarehouse,
} from '../helpers/warehouse.ts'

const HOUR_MS = 3_600_000
const START = Date.parse('2026-03-01T00:00:00Z')
const instant = (hour: number) => new Date(START + hour * HOUR_MS).toISOString()
const snapshot = (hour: number, sent: number) => ({
  category: 'c',
  observed_at: instant(hour),
  stats: { sent, extra: 'x' },
})

/** What an older build left in store.rejected, or a run of today. */
async function reject({ pool }: TestWarehouse, hour: number, reason: string, body: unknown): Promise<void> {
  await pool.query(
    `insert into store.rejected (run_id, category_id, at, reason, body)
    select 1, c.id, $1, $2, $3 from store.category c where c.name = 'c'`,
    [instant(hour), reason, typeof body === 'string' ? body : JSON.stringify(body)],
  )
}

async function prepared(warehouse: TestWarehouse): Promise<void> {
  await warehouse.pool.query(
    `insert into store.run (key, trigger, started_at, status) values (gen_random_uuid(), 'import', now(), 'ok')`,
  )
  await recordLines(
    warehouse,
    [0, 4, 8].map((hour) => snapshot(hour, 100 + 10 * hour)),
  )
  await warehouse.pool.query(`update store.category set added_at = '2026-02-01Z'`)
}

const run = ({ url }: TestWarehouse, ...args: string[]) =>
  runCli(['rejudge', ...args], { env: { DATABASE_URL: url, PRIMOTEXTO_API_KEY: 'key' } })

async function rejudge(warehouse: TestWarehouse, ...args: string[]) {
  const { code, stdout, stderr } = await run(warehouse, '--json', ...args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout)
}

test('what is valid now is stored late, with the same result as in time, and only once', async () => {
  await withWarehouse(async (warehouse) => {
    await prepared(warehouse)
    await reject(warehouse, 2, 'a rule of old', `\ufeff${JSON.stringify({ sent: 130, extra: 'x' })}`)
    await reject(warehouse, 6, 'clock', { sent: 150, extra: 'x' })
    await reject(warehouse, 6, 'clock', { sent: 150, extra: 'x' }) // from a replay
    await reject(warehouse, 4, 'conflict', { sent: 7 })
    await reject(warehouse, 5, 'sent is -1', { sent: -1 })
    await reject(warehouse, 7, 'not JSON', '{"sent":1')
    await reject(warehouse, -24 * 365 * 50, 'clock', { sent: 1 })
    await reject(warehouse, 24 * 365 * 50, 'clock', { sent: 1 })

    const before = await readTrends(warehouse, 'hourly')
    const outcome = {
      answers: 8,
      stored: 2,
      already_stored: 1,
      kept: expect.arrayContaining([
        { reason: 'conflict', answers: 1 },
        { reason: expect.stringContaining('sent is -1'), answers: 1 },
        { reason: 'not JSON', answers: 1 },
        { reason: 'clock: lies before the category was added', answers: 1 },
        { reason: 'lies in the future', answers: 1 },
      ]),
    }
    expect(await rejudge(warehouse, '--dry-run')).toEqual({ dry_run: true, ...outcome })
    expect(await readTrends(warehouse, 'hourly')).toEqual(before)
    expect(await rejudge(warehouse, '--since', instant(7))).toMatchObject({ answers: 2, stored: 0 })

    expect(await rejudge(warehouse)).toEqual({ dry_run: false, ...outcome })
    const { rows } = await warehouse.pool.query<{ hour: number }>(
      `select extract(epoch from at - $1::timestamptz)::float / 3600 as hour
      from sync.rejected where stored_at is not null order by at`,
      [new Date(START)],
    )
    expect(rows.map(({ hour }) => hour)).toEqual([2, 6, 6])
    expect(await rejudge(warehouse)).toMatchObject({ answers: 5, stored: 0, already_stored: 0 })
    expect((await verify(warehouse)).differences).toEqual([])

    await withWarehouse(async (inTime) => {
      const lines = [snapshot(0, 100), snapshot(2, 130), snapshot(4, 140), snapshot(6, 150), snapshot(8, 180)]
      await importText(inTime, lines.map((line) => JSON.stringify(line)).join('\n'))
      expect(await readTrends(warehouse, 'hourly')).toEqual(await readTrends(inTime, 'hourly'))
    })
  })
})

test('in words, and only the categories that are named', async () => {
  await withWarehouse(async (warehouse) => {
    await prepared(warehouse)
    await reject(warehouse, 2, 'clock', { sent: 130 })
    await reject(warehouse, 3, 'sent is -1', { sent: -1 })
    expect(await run(warehouse, '--category', 'd')).toMatchObject({ code: 2 })
    expect(await run(warehouse, '--category', 'c')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^2 rejected answers read again: 1 stored\.\n1 rejected still: sent is -1.*\n$/,
      ),
    })
  })
})

test('status says since when the answers for a category are rejected', async () => {
  await withWarehouse(async (warehouse) => {
    await prepared(warehouse)
    await reject(warehouse, 7, 'sent is -1', { sent: -1 })
    const rejecting = () => readRejecting({ db: warehouse.db, hiddenAccount: null })
    expect(await rejecting()).toEqual([]) // a snapshot was stored since
    await reject(warehouse, 10, 'sent is -1', { sent: -1 })
    await reject(warehouse, 9, 'sent is -2', { sent: -2 })
    await reject(warehouse, 11, 'conflict', { sent: 1 })
    expect(await rejecting()).toEqual([
      { account: 'default', category: 'c', since: new Date(instant(9)), answers: 2, reason: 'sent is -1' },
    ])
    await recordLines(warehouse, [snapshot(12, 300)])
    expect(await rejecting()).toEqual([])
  })
})
