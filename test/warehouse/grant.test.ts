// Who may do what: tries the forbidden, as the reader and as the program's own user.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { grantReader } from '../../src/warehouse/grant.ts'
import { openWarehouse } from '../../src/warehouse/pool.ts'
import { uniqueName } from '../helpers/database.ts'
import { openTestWarehouse, recordLines, type TestWarehouse } from '../helpers/warehouse.ts'

const role = `${uniqueName()} "Leser" \\ ü`
let warehouse: TestWarehouse
let admin: pg.Client
beforeAll(async () => {
  warehouse = await openTestWarehouse()
  await recordLines(warehouse, [
    { category: 'promo', observed_at: '2026-01-10T08:00:00Z', stats: { sent: 1 } },
    { category: 'promo', observed_at: '2026-01-12T08:00:00Z', stats: { sent: 5 } },
  ])
  await grantReader(warehouse.db, role)
  admin = new pg.Client({ connectionString: warehouse.adminUrl })
  await admin.connect()
})
afterAll(async () => {
  await admin.query(`drop owned by ${pg.escapeIdentifier(role)}`)
  await admin.end()
  await warehouse.close()
})

/** Runs a statement as the reader; whatever it does is taken back. */
async function asReader(statement: string): Promise<pg.QueryResult> {
  await admin.query(`begin; set local role ${pg.escapeIdentifier(role)}`)
  try {
    return await admin.query(statement)
  } finally {
    await admin.query('rollback')
  }
}

const OBJECTS = `select n.nspname || '.' || c.relname as name from pg_class c
  join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'v') and n.nspname`
const namesIn = async (condition: string) =>
  (await admin.query<{ name: string }>(`${OBJECTS} ${condition} order by 1`)).rows.map(({ name }) => name)

describe('the reader', () => {
  test('is a role without a login', async () => {
    const { rows } = await admin.query(
      'select rolcanlogin, rolsuper, rolcreaterole, rolcreatedb from pg_roles where rolname = $1',
      [role],
    )
    expect(rows).toEqual([{ rolcanlogin: false, rolsuper: false, rolcreaterole: false, rolcreatedb: false }])
  })

  test('reads everything in sms and sync', async () => {
    const names = await namesIn(`in ('sms', 'sync')`)
    expect(names).toContain('sms.trends_daily_long')
    for (const name of names) await expect(asReader(`select * from ${name}`), name).resolves.toBeTruthy()
    expect((await asReader('select sum(sent) as sent from sms.trends_hourly')).rows).toEqual([{ sent: '4' }])
  })

  test('finds the views in information_schema, with their comments', async () => {
    const { rows } = await asReader(
      `select table_name, obj_description((table_schema || '.' || table_name)::regclass) as comment
      from information_schema.views where table_schema = 'sms' and table_name like 'trends%'`,
    )
    expect(rows.length).toBe(8)
    for (const { comment } of rows) expect(comment).toBeTruthy()
  })

  test('reads nothing of how it is stored', async () => {
    const names = await namesIn(`in ('store', 'store_migrations')`)
    expect(names.length).toBeGreaterThan(10)
    for (const name of names)
      await expect(asReader(`select * from ${name}`), name).rejects.toThrow('permission denied')
  })

  test.for([
    'insert into sms.metrics (metric) values (1)',
    `update sms.metrics set label = ''`,
    'delete from sms.metrics',
    'truncate sms.metrics',
    `update sms.accounts set label = ''`,
    'delete from sync.runs',
    'create table sms.mine (x int)',
    'create view sync.mine as select 1',
    'create table public.mine (x int)',
    'create schema mine',
    `call store.extend_calendar('2020-01-01', '2020-01-02')`,
    'drop view sms.latest',
  ])('may not %s', async (statement) => {
    await expect(asReader(statement)).rejects.toThrow(/permission denied|must be owner/)
  })

  test('sees what a later version adds to sms', async () => {
    await warehouse.pool.query('create view sms.later as select 1 as one')
    expect((await asReader('select one from sms.later')).rows).toEqual([{ one: 1 }])
    await warehouse.pool.query('drop view sms.later')
  })
})

describe('grant', () => {
  test('may be repeated, by several at once, and takes back what is too much', async () => {
    await warehouse.pool.query(`grant usage on schema store to ${pg.escapeIdentifier(role)}`)
    await warehouse.pool.query(`grant select on store.walk to ${pg.escapeIdentifier(role)}`)
    await warehouse.pool.query(`grant update on sms.metrics to ${pg.escapeIdentifier(role)}`)
    const granted = await Promise.all([grantReader(warehouse.db, role), grantReader(warehouse.db, role)])
    expect(granted).toEqual([{ created: false }, { created: false }])
    await expect(asReader('select * from store.walk')).rejects.toThrow('permission denied')
    await expect(asReader(`update sms.metrics set label = ''`)).rejects.toThrow('permission denied')
  })

  test('leaves the attributes of a role alone that is there', async () => {
    const login = uniqueName()
    await admin.query(`create role ${login} login createdb`)
    expect(await grantReader(warehouse.db, login)).toEqual({ created: false })
    const { rows } = await admin.query('select rolcanlogin, rolcreatedb from pg_roles where rolname = $1', [
      login,
    ])
    expect(rows).toEqual([{ rolcanlogin: true, rolcreatedb: true }])
    await admin.query(`drop owned by ${login}`)
  })

  test('says what an administrator has to run where the user may not create roles', async () => {
    const [plain, owner] = [uniqueName(), new URL(warehouse.url).username]
    await admin.query(`create role ${plain}; grant ${plain} to ${owner}`)
    const asPlain = openWarehouse(`${warehouse.url}?options=${encodeURIComponent(`-c role=${plain}`)}`)
    try {
      await expect(grantReader(asPlain.db, 'nobody "here"')).rejects.toMatchObject({
        exitCode: 1,
        hint: expect.stringContaining('create role "nobody ""here""" nologin'),
      })
    } finally {
      await asPlain.close()
    }
  })

  test.for(['', 'public', 'pg_reader', 'a'.repeat(64), 'a\0b'])('refuses the name %j', async (name) => {
    await expect(grantReader(warehouse.db, name)).rejects.toMatchObject({ exitCode: 2 })
  })

  test('refuses who owns the schemas or is above rights, and takes nothing away', async () => {
    const owner = new URL(warehouse.url).username
    const superuser = (await admin.query('select rolname from pg_roles where rolsuper limit 1')).rows[0]
      .rolname
    for (const name of [owner, superuser])
      await expect(grantReader(warehouse.db, name)).rejects.toMatchObject({ exitCode: 2 })
    expect((await warehouse.pool.query('select 1 from store.walk')).rowCount).toBe(1)
  })

  test('refuses a role that can read the store by another way', async () => {
    const [member, group] = [uniqueName(), uniqueName()]
    await admin.query(`create role ${group}; create role ${member} in role ${group}`)
    await warehouse.pool.query(
      `grant usage on schema store to ${group}; grant select on store.walk to ${group}`,
    )
    await expect(grantReader(warehouse.db, member)).rejects.toThrow('it can read store.walk')
    await admin.query(`drop owned by ${group}`)
  })
})

describe("the program's own user", () => {
  test('is no superuser', async () => {
    const { rows } = await warehouse.pool.query('select rolsuper from pg_roles where rolname = current_user')
    expect(rows).toEqual([{ rolsuper: false }])
  })

  test.for([
    'update store.snapshot set sent = 7',
    `update store.snapshot set observed_at = observed_at + interval '1 second'`,
    'delete from store.snapshot',
    'truncate store.snapshot',
  ])('may not %s', async (statement) => {
    await expect(warehouse.pool.query(statement)).rejects.toThrow('a stored snapshot cannot be changed')
  })

  test.for(['update store.snapshot set sent = 7', 'delete from store.snapshot'])(
    'may not %s in a transaction of its own, as that of a migration',
    async (statement) => {
      const migration = warehouse.transaction(async ({ connection }) => {
        await connection.query('create table store.later (x integer)')
        await connection.query(statement)
      })
      await expect(migration).rejects.toThrow('a stored snapshot cannot be changed')
    },
  )

  /** With the door open; whatever it does is taken back. */
  async function whilePruning(statement: string): Promise<Record<string, unknown>[]> {
    const connection = await warehouse.pool.connect()
    try {
      await connection.query(`begin; set local primosync.pruning = on`)
      await connection.query(statement)
      const { rows } = await connection.query(
        'select category, snapshots, kept_from, (select count(*)::int from sms.snapshots) as kept from sync.prunes',
      )
      return rows
    } finally {
      await connection.query('rollback')
      connection.release()
    }
  }

  test.for(['update store.snapshot set sent = 7', 'truncate store.snapshot'])(
    'may not %s even while it prunes',
    async (statement) => {
      await expect(whilePruning(statement)).rejects.toThrow('a stored snapshot cannot be changed')
    },
  )

  test('may prune, and cannot do so without a trace', async () => {
    const removed = { category: 'promo', kept_from: null } // no checkpoint stands for it
    expect(await whilePruning('delete from store.snapshot')).toEqual([{ ...removed, snapshots: 2, kept: 0 }])
    expect(await whilePruning('delete from store.snapshot where sent = 1')).toEqual([
      { ...removed, snapshots: 1, kept: 1 },
    ])
    expect((await warehouse.pool.query('select 1 from store.snapshot')).rowCount).toBe(2)
  })
})
