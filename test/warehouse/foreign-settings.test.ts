// Settings of role and database, or of the environment, that change what SQL means: nothing of it is felt.
import { expect, inject, test } from 'vitest'
import { uniqueName } from '../helpers/database.ts'
import { install } from '../helpers/installation.ts'
import { asAdmin, urlOf } from '../helpers/test-server.ts'

const OF_DATABASE = `DateStyle = 'German'; IntervalStyle = 'sql_standard'; TimeZone = 'Pacific/Chatham';
  search_path = 'nowhere'; client_encoding = 'LATIN1'; array_nulls = off; bytea_output = 'escape';
  extra_float_digits = -15; statement_timeout = 1; idle_session_timeout = 1; lock_timeout = 1; row_security = off;
  default_transaction_isolation = 'serializable'; default_transaction_deferrable = on; synchronous_commit = off`
const OF_ROLE = `DateStyle = 'SQL, DMY'; standard_conforming_strings = off; backslash_quote = off; jit = on;
  transform_null_equals = on; quote_all_identifiers = on; xmloption = document; enable_seqscan = off;
  enable_indexscan = off; enable_hashjoin = off; force_parallel_mode = on; check_function_bodies = off;
  plan_cache_mode = force_generic_plan; join_collapse_limit = 1; lc_numeric = 'C'; escape_string_warning = off`

const settingsOf = (text: string) =>
  text
    .split(';')
    .map((setting) => setting.trim())
    .filter((setting) => !setting.startsWith('force_parallel_mode'))

test('hostile settings of role and database, and PGOPTIONS: tick, import, export, verify and status are as ever', async () => {
  const { run, witness, databaseUrl } = await install('a,é\\"{}')
  const { pathname, username } = new URL(databaseUrl)
  const database = pathname.slice(1)
  await asAdmin(inject('testServer').adminUrl, async (admin) => {
    for (const setting of settingsOf(OF_DATABASE))
      await admin.query(`alter database ${database} set ${setting}`)
    for (const setting of settingsOf(OF_ROLE))
      await admin.query(`alter role ${username} in database ${database} set ${setting}`)
  })
  const env = { PGOPTIONS: '-c DateStyle=Postgres,DMY -c extra_float_digits=-10', PGTZ: 'Asia/Tokyo' }
  const history = ['2026-01-31T23:30:00Z', '2026-02-01T12:34:56.789Z', '2026-12-13T01:02:03Z'].map(
    (observed_at, n) =>
      JSON.stringify({
        category: 'a',
        observed_at: observed_at.replace('2026-12', '2025-12'),
        stats: { sent: 10 - n, timespent: 0.1 },
      }),
  )
  expect(await run(['sync'], env)).toMatchObject({ code: 0, stdout: expect.stringContaining('2 stored') })
  expect(await run(['import', '-'], env, history.join('\n'))).toMatchObject({ code: 0 })
  expect(await run(['sync'], env)).toMatchObject({ code: 0, stdout: expect.stringContaining('2 stored') })
  const exported = await run(['export'], env)
  const lines = exported.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines).toHaveLength(7)
  expect(lines[1]).toMatchObject({
    observed_at: '2026-01-31T23:30:00.000Z',
    stats: { sent: 10, timespent: 0.1 },
  })
  expect(await run(['verify'], env)).toMatchObject({ code: 0 })
  expect(await run(['status', '--json'], env)).toMatchObject({ code: 0 })
  expect(await run(['doctor'], env)).toMatchObject({ code: 0 })

  // the views, for a client with these settings
  const client = await witness.pool.connect()
  await client.query(`set DateStyle = 'German'; set TimeZone = 'America/New_York'; set IntervalStyle = 'sql_standard';
    set search_path = nowhere`)
  const { rows } = await client.query(
    `select day::text, to_char(day, 'YYYY-MM-DD') as iso, sent from sms.trends_daily where sent <> 0 and day < '01.03.2026' order by day`,
  )
  client.release(true)
  expect(rows.length).toBeGreaterThan(0)
  for (const { day, iso } of rows) expect(day).toBe(iso.split('-').reverse().join('.'))
}, 60_000)

test('a database that is not UTF8 is refused in words; what waits meanwhile waits in the spool', async () => {
  const { adminUrl, owner, ownerPassword } = inject('testServer')
  const name = uniqueName()
  await asAdmin(adminUrl, (admin) =>
    admin.query(`create database ${name} owner ${owner} template template0 encoding 'LATIN1' locale 'C'`),
  )
  const { provider, run } = await install('☎ promo,plain')
  const env = { DATABASE_URL: urlOf(adminUrl, name, { name: owner, password: ownerPassword }) }
  const demand = /The encoding of the database is LATIN1.*needs UTF8.*\nhint: .*--encoding UTF8/
  expect(await run(['migrate'], env)).toMatchObject({ code: 1, stderr: expect.stringMatching(demand) })
  const synced = await run(['sync'], env)
  expect(synced).toMatchObject({ code: 4, stdout: expect.stringContaining('needs UTF8') })
  expect(provider.served).toHaveLength(3) // both categories, and the account itself
  const { stdout } = await run(['doctor'], env)
  expect(stdout).toMatch(/FAIL +encoding +LATIN1/)
})
