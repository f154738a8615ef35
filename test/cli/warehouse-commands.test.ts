// trends, verify, rebuild, reclassify and grant as a user meets them, with right and wrong arguments.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CliResult, runCli } from '../helpers/cli.ts'
import { uniqueName } from '../helpers/database.ts'
import { asAdmin } from '../helpers/test-server.ts'
import { openTestWarehouse, recordLines, type TestWarehouse } from '../helpers/warehouse.ts'

let warehouse: TestWarehouse
beforeAll(async () => {
  warehouse = await openTestWarehouse()
  await warehouse.pool.query(`insert into store.run (id, key, trigger, started_at, status)
    overriding system value values (1, gen_random_uuid(), 'import', now(), 'ok')`)
  const stats = (sent: number, delivered: number) => ({ sent, delivered, timespent: 12.5 })
  await recordLines(warehouse, [
    { account: 'shop', category: 'promo', observed_at: '2026-03-01T08:00:00Z', stats: stats(100, 90) },
    { account: 'shop', category: 'promo', observed_at: '2026-03-02T08:00:00Z', stats: stats(148, 114) },
    { account: 'shop', category: 'promo', observed_at: '2026-03-03T08:00:00.500Z', stats: stats(20, 19) },
    { account: 'shop', category: '=cmd()', observed_at: '2026-03-01T08:00:00Z', stats: stats(1, 1) },
    { account: 'shop', category: '=cmd()', observed_at: '2026-03-01T09:00:00Z', stats: stats(3, 0) },
    { account: 'sandbox', category: 'toy', observed_at: '2026-03-01T08:00:00Z', stats: stats(1, 1) },
    { account: 'sandbox', category: 'toy', observed_at: '2026-03-01T09:00:00Z', stats: stats(2, 2) },
  ])
})
afterAll(() => warehouse.close())

const run = (...args: string[]): Promise<CliResult> =>
  runCli(args, { env: { DATABASE_URL: warehouse.url, PRIMOTEXTO_API_KEY: 'key' } })

const MARCH = ['--from', '2026-03-01', '--to', '2026-03-03']

describe('trends', () => {
  test('as a table: a row a day, marks, a total line with the rates of the totals', async () => {
    const { code, stdout, stderr } = await run(
      'trends',
      ...MARCH,
      '--category',
      'promo',
      '--metric',
      'sent',
      'delivery_rate',
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.split('\n')).toEqual([
      'promo, account shop',
      'sent           ██▃  8 to 30',
      'delivery_rate  ▅▇█  50.0 % to 87.5 %',
      'day            sent  delivery_rate',
      '2026-03-01 ~…    30         50.0 %',
      '2026-03-02 ~     30         70.0 %',
      '2026-03-03 ~…     8         87.5 %',
      'total            68         63.2 %',
      'a reset on 2026-03-03T08:00:00.500Z; what another decision would change:',
      '  primosync reclassify --account shop --category promo --at 2026-03-03T08:00:00.500Z --as correction --dry-run',
      '',
      '~ a wide gap between snapshots; what grew in it is spread evenly over it',
      '… only in part between the first and the newest snapshot',
      '',
    ])
  })

  test('as a table without a choice: metrics that are zero or unknown throughout are named, not shown', async () => {
    const { stdout } = await run('trends', ...MARCH, '--category', 'promo')
    expect(stdout).toContain('\nday            sent  delivered  delivery_rate\n')
    expect(stdout).toMatch(/^zero or unknown: clicks, .*complaint$/m)
  })

  test('demo data say that they are', async () => {
    const { stdout } = await run('trends', ...MARCH, '--account', 'sandbox')
    expect(stdout).toContain('toy, account sandbox: demo data')
    expect(stdout).not.toContain('promo')
  })

  test('as CSV: plain numbers, and names that no spreadsheet takes for a formula', async () => {
    const { stdout } = await run(
      'trends',
      ...MARCH,
      '--account',
      'shop',
      '--format',
      'csv',
      '--metric',
      'sent',
      'delivered',
      'timespent',
      'delivery_rate',
    )
    expect(stdout).toBe(
      `account,category,day,sent,delivered,timespent,delivery_rate,snapshots,corrections,resets,coverage,widest_gap_seconds,is_complete
shop,'=cmd(),2026-03-01,2,-1,12.5,-0.5,2,1,0,0.041666666666666664,3600,false
shop,promo,2026-03-01,30,15,12.5,0.5,1,0,0,0.625,86400,true
shop,promo,2026-03-02,30,21,12.5,0.7,1,0,0,1,86400.5,true
shop,promo,2026-03-03,8,7,12.5,0.875,1,0,1,0.375005787037037,86400.5,false
`,
    )
  })

  test('as NDJSON and as JSON: the same rows, exact', async () => {
    const args = [
      'trends',
      '--from',
      '2026-03-01T08:00:00Z',
      '--to',
      '2026-03-01T10:00:00+01:00',
      '--by',
      'hour',
      '--category',
      '=cmd()',
    ]
    const [ndjson, json] = await Promise.all([run(...args, '--format', 'ndjson'), run(...args, '--json')])
    const rows = ndjson.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(rows).toMatchObject([
      {
        account: 'shop',
        category: '=cmd()',
        hour: '2026-03-01T08:00:00.000Z',
        sent: 2,
        delivered: -1,
        clicks: null,
        timespent: 12.5,
        snapshots: 1,
        corrections: 0,
        resets: 0,
        coverage: 1,
        widest_gap_seconds: 3600,
      },
    ])
    expect(JSON.parse(json.stdout)).toEqual(rows)
  })

  test('by week, from a day in its middle; and nothing in the range', async () => {
    const args = ['trends', '--category', 'promo', '--by', 'week']
    const week = await run(...args, '--from', '2026-03-03', '--to', '2026-03-03', '--format', 'ndjson')
    expect(JSON.parse(week.stdout)).toMatchObject({ week: '2026-03-02', sent: 38 })
    const none = await run(...args, '--from', '2020-01-01', '--to', '2020-01-02')
    expect(none).toMatchObject({ code: 0, stdout: expect.stringContaining('There are no trends from') })
    const wide = await run(...args, '--last', '99 years', '--format', 'ndjson')
    expect(wide.stdout).toContain('"week":"2026-03-02"')
  })

  test('what is wrong is refused', async () => {
    const cases = [
      [['--metric', 'sends'], 'There is no metric "sends"', 'sent, submitted, delivered'],
      [['--category', 'Promo'], 'There is no category "Promo"', '"promo"'],
      [['--from', '2026-02-30'], 'Allowed: a day such as 2026-03-01', 'trends --help'],
      [['--last', '30'], 'Allowed: a time such as 24 hours, 30d', 'trends --help'],
      [['--last', '30d', '--from', 'yesterday'], '--last says where a range begins', 'Leave out --last'],
      [['--from', '2026-03-02', '--to', '2026-03-01'], 'Nothing lies between', '--from must be before --to'],
    ] as const
    const results = await Promise.all(cases.map(([args]) => run('trends', ...args)))
    for (const [i, { code, stdout, stderr }] of results.entries()) {
      const [args, message, hint] = cases[i]!
      expect.soft({ args, code, stdout }).toEqual({ args, code: 2, stdout: '' })
      expect.soft(stderr).toContain(message)
      expect.soft(stderr.split('\nhint: ')[1]).toContain(hint)
    }
  })
})

describe('reclassify', () => {
  const of = ['--account', 'shop', '--category', 'promo', '--why', 'the provider recounted']

  test('from a reset in the trends to a decision: the command is ready, and --dry-run records nothing', async () => {
    const ask = ['trends', '--account', 'shop', '--category', 'promo', ...MARCH]
    const shown = await run(...ask)
    const [, command] = /a reset on 2026-03-03T08:00:00\.500Z; .*\n {2}primosync (.*)\n/.exec(shown.stdout)!
    const [text, json] = await Promise.all([
      run(...command!.split(' ')),
      run(...command!.split(' '), '--json'),
    ])
    expect(text).toMatchObject({ code: 0, stderr: '' })
    expect(text.stdout).toContain('if it were decided as correction (nothing is recorded)')
    expect(text.stdout).toMatch(/2026-03-02 +sent +30 +-62 +-92\n/)
    const { days, ...rest } = JSON.parse(json.stdout)
    expect(rest).toMatchObject({ dry_run: true, why: null, before: { kind: 'reset' }, after: { sent: -128 } })
    expect(days).toContainEqual({ day: '2026-03-03', metric: 'sent', before: 8, after: -48, change: -56 })
    expect((await warehouse.pool.query('select from sync.decisions')).rowCount).toBe(0)
    expect((await run(...ask)).stdout).toBe(shown.stdout)
  })

  test('shows what was and what is, and finds a snapshot by its second', async () => {
    const decided = await run(
      'reclassify',
      ...of,
      '--at',
      '2026-03-03T09:00:00+01:00',
      '--as',
      'correction',
      '--by',
      'Ada',
    )
    expect(decided).toMatchObject({ code: 0, stderr: '' })
    expect(decided.stdout).toContain(
      'The snapshot of 2026-03-03T08:00:00.500Z, decided by Ada as correction:',
    )
    expect(decided.stdout).toMatch(/kind +reset +correction\nsent +20 +-128\n/)
    const back = await run('reclassify', ...of, '--at', '2026-03-03T08:00:00.500Z', '--as', 'auto', '--json')
    expect(JSON.parse(back.stdout)).toMatchObject({
      observed_at: '2026-03-03T08:00:00.500Z',
      decided_as: 'auto',
      before: { kind: 'correction', decided: true },
      after: { kind: 'reset', decided: false, sent: 20 },
    })
    const { rows } = await warehouse.pool.query(
      'select decided_as, decided_by, why from sync.decisions order by decided_at',
    )
    expect(rows).toEqual([
      { decided_as: 'correction', decided_by: 'Ada', why: 'the provider recounted' },
      { decided_as: 'auto', decided_by: expect.stringContaining('@'), why: 'the provider recounted' },
    ])
  })

  test('what is wrong is refused', async () => {
    const cases = [
      [
        'another category',
        ['--category', 'x', '--at', '2026-03-02T08:00:00Z', '--as', 'reset'],
        'There is no category "x"',
      ],
      [
        'no snapshot',
        ['--at', '2026-03-02T08:00:01Z', '--as', 'reset'],
        'nearest one is at 2026-03-02T08:00:00.000Z',
      ],
      ['the first snapshot', ['--at', '2026-03-01T08:00:00Z', '--as', 'reset'], 'Only --as dip makes sense'],
      [
        'an unknown kind',
        ['--at', '2026-03-01T08:00:00Z', '--as', 'growth'],
        'reset, correction, baseline, dip, auto',
      ],
      ['no reason', ['--at', '2026-03-02T08:00:00Z', '--as', 'reset'], 'The reason is missing'],
      ['a blank reason', ['--at', '2026-03-02T08:00:00Z', '--as', 'reset', '--why', ' '], 'not blank'],
    ] as const
    const results = await Promise.all(
      cases.map(([what, args]) =>
        run('reclassify', ...(what === 'no reason' ? of.slice(0, 4) : of), ...args),
      ),
    )
    for (const [i, { code, stdout, stderr }] of results.entries()) {
      const [what, , message] = cases[i]!
      expect.soft({ what, code, stdout }).toEqual({ what, code: 2, stdout: '' })
      expect.soft(stderr).toContain(message)
    }
  })
})

describe('verify and rebuild', () => {
  test('an altered cell is named, with exit code 1, and rebuild mends it', async () => {
    await asAdmin(warehouse.adminUrl, (admin) =>
      admin.query(`update store.day set sent = 31 where day = '2026-03-01' and sent = 30`),
    )
    const [text, json] = [await run('verify'), await run('verify', '--json')]
    expect(text).toMatchObject({ code: 1, stderr: '' })
    expect(text.stdout).toMatch(/store\.day +shop: promo +2026-03-01 +sent +31 +30\n/)
    expect(json.code).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      differences: [
        {
          table: 'store.day',
          category: 'promo',
          row: '2026-03-01',
          column: 'sent',
          stored: '31',
          expected: '30',
        },
        { table: 'sms.trends_daily', row: null, column: 'sum(sent)' },
        { table: 'sms.trends_weekly' },
        { table: 'sms.trends_monthly' },
      ],
    })
    expect((await run('rebuild')).stdout).toContain('rows changed: 1')
    const { code, stdout } = await run('verify')
    expect(code).toBe(0)
    expect(stdout).toContain('Everything agrees: 3 categories, 7 snapshots')
  })

  test('another zone: said, kept, and asked for from then on', async () => {
    const { code, stdout } = await run('rebuild', '--timezone', 'Asia/Tokyo')
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining('Set REPORTING_TIMEZONE=Asia/Tokyo'),
    })
    expect(await run('verify')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('rebuild --timezone'),
    })
    expect(await run('rebuild', '--timezone', 'Europe/Paris')).toMatchObject({ code: 0 })
  })
})

describe('grant', () => {
  test('makes a role, and says how to give it away', async () => {
    const role = uniqueName()
    const { code, stdout } = await run('grant', role)
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining(`grant "${role}" to`) })
    await asAdmin(warehouse.adminUrl, (admin) => admin.query(`drop owned by ${role}`))
  })

  test('wants a name', async () => {
    expect(await run('grant')).toMatchObject({ code: 2, stderr: expect.stringContaining("'role'") })
  })
})
