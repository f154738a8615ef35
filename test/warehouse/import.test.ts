// Imports through the door that the command uses, against a real PostgreSQL.
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { COUNTERS } from '../../src/counters/names.ts'
import { beginReading, readHistory } from '../../src/read/export.ts'
import { decisionLine, snapshotLine } from '../../src/transfer/ndjson.ts'
import { type ImportOptions, importEntries } from '../../src/warehouse/import/import.ts'
import type { Warehouse } from '../../src/warehouse/pool.ts'
import { listCategories } from '../../src/warehouse/registry.ts'
import { blocksOf } from '../helpers/transfer.ts'
import {
  asWorked,
  decideLine,
  importText,
  type Line,
  openTestWarehouse,
  readDeltas,
  readTrends,
  recordLines,
  type TestWarehouse,
  withWarehouse,
} from '../helpers/warehouse.ts'

const REAL = readFileSync(new URL('../data/covid19-totals.ndjson', import.meta.url), 'utf8')

const importLines = (warehouse: TestWarehouse, lines: readonly object[], options?: Partial<ImportOptions>) =>
  importText(warehouse, lines.map((line) => JSON.stringify(line)).join('\n'), options)

async function exportText(warehouse: Warehouse): Promise<string> {
  return await warehouse.transaction(async (tx) => {
    await beginReading(tx)
    const always = { from: 0, until: Date.parse('2100-01-01T00:00:00Z') }
    let text = ''
    for await (const part of readHistory(tx.db, await listCategories(tx.db), always)) {
      const { account, category, snapshots, decisions } = part
      for (const snapshot of snapshots) text += `${snapshotLine(account, category, snapshot)}\n`
      for (const { at, decision } of decisions) text += `${decisionLine(account, category, at, decision)}\n`
    }
    return text
  })
}

/** All that sms says of the history but where it came from: per view the number of rows and a sum of them. */
async function historyOf({ pool }: Warehouse): Promise<unknown[]> {
  const columns = `account, category, observed_at, ${COUNTERS.join(', ')}, timespent, extra`
  const views = ['deltas', 'trends_hourly', 'trends_daily', 'trends_weekly', 'trends_monthly']
  const sources = [`(select ${columns} from sms.snapshots)`, ...views.map((view) => `sms.${view}`)]
  const sums = sources.map(
    (source) => `select '${source}' as source, count(*)::integer as count,
    sum(hashtextextended(v::text, 0)) as sum from ${source} v`,
  )
  return (await pool.query(sums.join(' union all '))).rows
}

const countRows = async ({ pool }: Warehouse, table: string) =>
  (await pool.query(`select count(*)::integer as count from ${table}`)).rows[0].count as number

const at = (minute: number) => new Date(Date.parse('2026-03-01T12:00:00Z') + minute * 60_000).toISOString()
const snapshot = (minute: number, sent: number, rest: object = {}) => ({
  category: 'c',
  observed_at: at(minute),
  stats: { sent, ...rest },
})

describe('the worked cases, through import in reverse order, with their decisions in the file', () => {
  const folder = new URL('../vectors/', import.meta.url)
  const cases = readdirSync(folder)
    .filter((file) => file.endsWith('.json') && !/validation|conflicts/.test(file))
    .map((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')))
    .filter(({ timezone }) => timezone === 'Europe/Paris')
  let warehouse: TestWarehouse
  beforeAll(async () => {
    warehouse = await openTestWarehouse()
  })
  afterAll(() => warehouse.close())

  test('cases are found', () => expect(cases.length).toBeGreaterThan(20))

  for (const { name, input, decisions = [], expected } of cases) {
    test(name, async () => {
      const lines = input.toReversed().map((line: Line) => ({ ...line, account: name }))
      const decided = decisions.map(({ as, category, observed_at }: Record<string, string>, i: number) => {
        const decision = { as, by: 'a test', why: 'a test', at: `2026-01-01T00:00:00.00000${i}Z` }
        return { account: name, category, observed_at, decision }
      })
      const { problems } = await importLines(warehouse, [...decided, ...lines])
      expect(problems).toEqual([])
      expect(await readDeltas(warehouse, name)).toEqual(expected.deltas)
      if (expected.trends_daily) {
        const known = (row: object) =>
          Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))
        expect((await readTrends(warehouse, 'daily', name)).map(asWorked)).toEqual(
          expected.trends_daily.map(known),
        )
      }
    })
  }
})

describe('real totals with real corrections', () => {
  let warehouse: TestWarehouse
  beforeAll(async () => {
    warehouse = await openTestWarehouse()
  })
  afterAll(() => warehouse.close())

  test('go in as a whole, and again as nothing', async () => {
    expect(await importText(warehouse, REAL)).toMatchObject({ stored: 6668, alreadyThere: 0, problems: [] })
    const before = [await historyOf(warehouse), await countRows(warehouse, 'store.run')]
    const again = await importText(warehouse, REAL.trimEnd().split('\n').toReversed().join('\n'))
    expect(again).toMatchObject({ stored: 0, alreadyThere: 6668, newCategories: [], problems: [] })
    expect([await historyOf(warehouse), await countRows(warehouse, 'store.run')]).toEqual(before)
  })

  test('are judged as the rules say', async () => {
    const deltas = await readDeltas(warehouse, 'real')
    expect(deltas.filter(({ sent }) => sent === -348_840)).toEqual([
      expect.objectContaining({ observed_at: '2021-05-20T23:59:00.000Z', kind: 'correction' }),
    ])
    expect(deltas.filter(({ kind }) => kind === 'reset')).toEqual([
      expect.objectContaining({ observed_at: '2020-03-24T23:59:00.000Z', sent: 5 }),
    ])
    // no longer reported is unknown, not zero
    const after = deltas.filter(({ observed_at }) => String(observed_at) > '2021-08-05')
    expect(after.every((delta) => !('openers' in delta))).toBe(true)
  })

  test('add up, hour by hour and month by month', async () => {
    const sums = ['deltas', 'trends_hourly', 'trends_daily', 'trends_weekly', 'trends_monthly'].map(
      (view) => `(select jsonb_object_agg(category, array[sent, delivered, openers]) from (
        select category, sum(sent) as sent, sum(delivered) as delivered, sum(openers) as openers
        from sms.${view} group by category) of_category) as ${view}`,
    )
    const { rows } = await warehouse.pool.query(`select ${sums.join(', ')}`)
    const { deltas, ...trends } = rows[0]
    expect(deltas).toMatchObject({ France: [39_866_718 - 2, 166_176, expect.any(Number)] })
    for (const trend of Object.values(trends)) expect(trend).toEqual(deltas)
  })

  test('an export into an empty warehouse gives the same, decisions included', async () => {
    for (const as of ['correction', 'auto', 'baseline', 'correction']) {
      await decideLine(warehouse, {
        account: 'real',
        category: 'Guyana',
        observed_at: '2020-03-24T23:59:00Z',
        as,
      })
    }
    await recordLines(warehouse, [
      {
        account: '=odd "name"',
        category: 'a\nb',
        observed_at: at(0),
        stats: { sent: 1, x: { y: 1 }, timespent: 0.5 },
      },
      {
        account: '=odd "name"',
        category: 'a\nb',
        observed_at: at(5),
        stats: { sent: 2, n: 1e300, timespent: 0.25 },
      },
    ])
    const text = await exportText(warehouse)
    await withWarehouse(async (copy) => {
      expect(await importText(copy, text)).toMatchObject({ stored: 6670, decisions: 4, problems: [] })
      expect(await historyOf(copy)).toEqual(await historyOf(warehouse))
      expect(await exportText(copy)).toBe(text)
      expect(await importText(copy, text)).toMatchObject({ stored: 0, decisions: 0, problems: [] })
      expect(await exportText(copy)).toBe(text)
    })
  })
})

test('what is already there stays, and lines in between are late', async () => {
  await withWarehouse(async (warehouse) => {
    await recordLines(
      warehouse,
      [0, 10, 20, 30].map((minute) => snapshot(minute, 100 + minute)),
    )
    const lines = [
      snapshot(15, 115),
      snapshot(10, 110.0),
      snapshot(-5, 90),
      snapshot(40, 140),
      snapshot(20, 999),
    ]
    const imported = await importLines(warehouse, lines)
    expect(imported).toMatchObject({ stored: 3, late: 2, alreadyThere: 1, refused: 1, conflicts: 1 })
    expect(imported.problems).toEqual([{ line: 5, reason: expect.stringContaining('conflict') }])
    const deltas = await readDeltas(warehouse)
    expect(deltas.map(({ observed_at, sent }) => [observed_at, sent])).toEqual([
      [at(0), 10],
      [at(10), 10],
      [at(15), 5],
      [at(20), 5],
      [at(30), 10],
      [at(40), 10],
    ])
    const { rows: rejected } = await warehouse.pool.query(
      'select category, at, reason, body from sync.rejected',
    )
    expect(rejected).toEqual([
      { category: 'c', at: new Date(at(20)), reason: 'conflict', body: '{"sent":999}' },
    ])
    const { rows: runs } = await warehouse.pool.query(
      'select account, trigger, status, categories, stored, rejected, late from sync.runs',
    )
    expect(runs).toEqual([
      {
        account: 'default',
        trigger: 'import',
        status: 'partial',
        categories: 1,
        stored: 3,
        rejected: 1,
        late: 2,
      },
    ])
    expect(await importLines(warehouse, lines)).toMatchObject({ stored: 0, refused: 1, conflicts: 0 })
    expect(await countRows(warehouse, 'sync.rejected')).toBe(1)
  })
})

test('two lines of one instant: the same in another spelling is nothing, of others the first stays', async () => {
  await withWarehouse(async (warehouse) => {
    const text = [
      `{"category":"c","observed_at":"${at(0)}","stats":{"sent":5,"timespent":1.5,"x":1.0}}`,
      `{"category":"c","observed_at":"2026-03-01T13:00:00+01:00","stats":{"x":1,"timespent":1.50,"sent":"5"}}`,
      `{"category":"c","observed_at":"${at(0)}","stats":{"sent":6}}`,
    ].join('\n')
    const imported = await importText(warehouse, text)
    expect(imported).toMatchObject({ stored: 1, alreadyThere: 1, conflicts: 1, problems: [{ line: 3 }] })
    const { rows } = await warehouse.pool.query('select sent from sms.snapshots')
    expect(rows).toEqual([{ sent: 5 }])
  })
})

test('an outage of the provider in the middle of a file is a dip', async () => {
  await withWarehouse(async (warehouse) => {
    await importLines(warehouse, [snapshot(0, 1000), snapshot(20, 0), snapshot(40, 1010), snapshot(30, 3)])
    const deltas = await readDeltas(warehouse)
    expect(deltas.map(({ kind, sent }) => [kind, sent])).toEqual([
      ['dip', undefined],
      ['dip', undefined],
      ['growth', 10],
    ])
  })
})

test('bad lines do not stop the others', async () => {
  await withWarehouse(async (warehouse) => {
    const lines = [
      snapshot(0, 1),
      { ...snapshot(5, 2), observed_at: 'noon' },
      snapshot(10, -3),
      snapshot(15, 4),
    ]
    const imported = await importLines(warehouse, lines)
    expect(imported).toMatchObject({ stored: 2, refused: 2, problems: [{ line: 2 }, { line: 3 }] })
  })
})

describe('a file goes in as a whole or not at all', () => {
  test('it cannot be read to its end', async () => {
    await withWarehouse(async (warehouse) => {
      const blocks = async function* () {
        yield* blocksOf(JSON.stringify(snapshot(0, 1)))
        throw new Error('the disk is gone')
      }
      const options = {
        dryRun: false,
        timezone: warehouse.timezone,
        isListed: () => true,
        onProblem: () => {},
      }
      await expect(importEntries(warehouse, blocks(), options)).rejects.toThrow('the disk is gone')
      await expectNothing(warehouse)
    })
  })

  test('it breaks off after a part has been stored', async () => {
    await withWarehouse(async (warehouse) => {
      let stored = 0
      const onStored = (snapshots: number) => {
        stored += snapshots
        if (stored > 4_000) throw new Error('stopped')
      }
      await expect(importText(warehouse, REAL, { onStored })).rejects.toThrow('stopped')
      await expectNothing(warehouse)
      expect(await importText(warehouse, REAL)).toMatchObject({ stored: 6668 })
    })
  })

  test('a dry run says what would happen, and leaves nothing', async () => {
    await withWarehouse(async (warehouse) => {
      const days = await countRows(warehouse, 'sms.calendar')
      const lines = [snapshot(0, 1), snapshot(0, 2), snapshot(5, 3), snapshot(5, -1)]
      const imported = await importLines(warehouse, lines, { dryRun: true })
      expect(imported).toMatchObject({
        stored: 2,
        conflicts: 1,
        refused: 2,
        newCategories: [{ category: 'c' }],
      })
      await expectNothing(warehouse)
      expect(await countRows(warehouse, 'sms.calendar')).toBe(days)
    })
  })

  async function expectNothing(warehouse: Warehouse): Promise<void> {
    for (const table of [
      'sms.accounts',
      'sms.categories',
      'sms.snapshots',
      'sync.runs',
      'sync.rejected',
      'store.day',
    ])
      expect([table, await countRows(warehouse, table)]).toEqual([table, 0])
  }
})

test('a new category is paused unless the settings list it; one that is there keeps its state', async () => {
  await withWarehouse(async (warehouse) => {
    await recordLines(warehouse, [{ ...snapshot(0, 1), category: 'known' }])
    const lines = ['known', 'new', 'listed'].map((category) => ({ ...snapshot(5, 2), category }))
    const { newCategories } = await importLines(warehouse, lines, {
      isListed: (account, category) => account === 'default' && category === 'listed',
    })
    expect(newCategories).toEqual([
      { account: 'default', category: 'listed', state: 'active' },
      { account: 'default', category: 'new', state: 'paused' },
    ])
    const categories = await listCategories(warehouse.db)
    expect(categories.map(({ category, state }) => [category, state])).toEqual([
      ['known', 'active'],
      ['listed', 'active'],
      ['new', 'paused'],
    ])
  })
})

describe('decisions', () => {
  const decision = (as: string, second: number) => ({
    category: 'c',
    observed_at: at(5),
    decision: { as, by: 'Zoé', at: `2026-03-02T00:00:0${second}.000001Z`, why: 'a test' },
  })

  test('hold for a snapshot that was there before, once', async () => {
    await withWarehouse(async (warehouse) => {
      await recordLines(warehouse, [snapshot(0, 100), snapshot(5, 60), snapshot(10, 70)])
      expect(await importLines(warehouse, [decision('reset', 1)])).toMatchObject({ decisions: 1, refused: 0 })
      expect((await readDeltas(warehouse))[0]).toMatchObject({ kind: 'reset', decided: true, sent: 60 })
      expect(await importLines(warehouse, [decision('reset', 1)])).toMatchObject({ decisions: 0, refused: 0 })
      expect(await countRows(warehouse, 'sync.decisions')).toBe(1)
    })
  })

  test('are refused where there is no snapshot, or where a later one holds', async () => {
    await withWarehouse(async (warehouse) => {
      await recordLines(warehouse, [snapshot(0, 100), snapshot(5, 60)])
      await importLines(warehouse, [decision('dip', 2)])
      const nowhere = { ...decision('dip', 1), observed_at: at(7) }
      const { problems } = await importLines(warehouse, [decision('reset', 1), nowhere])
      expect(problems).toEqual([
        { line: 1, reason: expect.stringContaining('a later one about this snapshot is there') },
        { line: 2, reason: expect.stringContaining('there is no snapshot') },
      ])
      expect(await readDeltas(warehouse)).toMatchObject([{ kind: 'dip', decided: true }])
    })
  })
})

test('two imports of the same at once both end well, and store everything once', async () => {
  await withWarehouse(async (warehouse) => {
    const lines = REAL.trimEnd().split('\n')
    const imported = await Promise.all([
      importText(warehouse, lines.join('\n')),
      importText(warehouse, lines.toReversed().join('\n')),
    ])
    expect(imported.map(({ stored }) => stored).toSorted((a, b) => a - b)).toEqual([0, 6668])
    expect(imported.map(({ alreadyThere }) => alreadyThere).toSorted((a, b) => a - b)).toEqual([0, 6668])
  })
})

test('the reporting zone must still be the one that the program knows', async () => {
  await withWarehouse(async (warehouse) => {
    const elsewhere = importLines(warehouse, [snapshot(0, 1)], { timezone: 'America/Sao_Paulo' })
    await expect(elsewhere).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('Europe/Paris'),
    })
  })
})
