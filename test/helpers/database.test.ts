// The test databases: clean copies, an owner without privileges, nothing shared.

import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase, uniqueName } from './database.ts'

describe('createTestDatabase', () => {
  let databases: TestDatabase[]
  beforeAll(async () => {
    databases = await Promise.all([createTestDatabase(), createTestDatabase()])
  })
  afterAll(() => Promise.all(databases.map((database) => database.drop())))

  async function query(url: string, sql: string): Promise<unknown[][]> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      return (await client.query({ text: sql, rowMode: 'array' })).rows
    } finally {
      await client.end()
    }
  }

  test('gives a migrated database that is owned by no superuser', async () => {
    const [row] = await query(
      databases[0]!.url,
      `select rolsuper, pg_get_userbyid(datdba) = current_user, to_regclass('sms.snapshots') is not null
       from pg_roles, pg_database where rolname = current_user and datname = current_database()`,
    )
    expect(row).toEqual([false, true, true])
  })

  test('gives each its own', async () => {
    await query(databases[0]!.url, 'create schema mine')
    const found = await query(databases[1]!.url, `select nspname from pg_namespace where nspname = 'mine'`)
    expect(found).toEqual([])
  })

  test('lets an administrator in too', async () => {
    const name = uniqueName()
    await query(databases[0]!.adminUrl, `create role ${name}`)
    expect(await query(databases[1]!.url, `select rolname from pg_roles where rolname = '${name}'`)).toEqual([
      [name],
    ])
  })
})
