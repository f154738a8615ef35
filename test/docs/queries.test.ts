// Every query that the docs show runs, as the reader role, on the demo's data.
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadDemoHistory } from '../../src/sync/demo.ts'
import { grantReader } from '../../src/warehouse/grant.ts'
import { uniqueName } from '../helpers/database.ts'
import { openTestWarehouse, type TestWarehouse } from '../helpers/warehouse.ts'

const FILES = ['README.md', 'docs/cookbook.md', 'docs/bi.md']
const queries = FILES.flatMap((file) => {
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
  let heading = ''
  return [...text.matchAll(/^#+ (.*)$|```sql\n([\s\S]*?)```/gm)].flatMap(([, title, query]) => {
    heading = title ?? heading
    return query === undefined ? [] : [{ name: `${file}: ${heading}`, query }]
  })
})

describe('queries of the docs', () => {
  let warehouse: TestWarehouse
  let reader: pg.Client

  beforeAll(async () => {
    warehouse = await openTestWarehouse()
    await loadDemoHistory(warehouse, () => {})
    const role = uniqueName()
    await warehouse.pool.query(`create role ${role} login password 'reader'`)
    await grantReader(warehouse.db, role)
    const url = new URL(warehouse.url)
    url.username = role
    url.password = 'reader'
    reader = new pg.Client(url.href)
    await reader.connect()
  })

  afterAll(async () => {
    await reader.end()
    await warehouse.close()
  })

  test('there are twenty-three in the cookbook', () => {
    expect(queries.filter(({ name }) => name.startsWith('docs/cookbook.md'))).toHaveLength(23)
  })

  for (const { name, query } of queries) {
    test(name, async () => {
      const { rows } = await reader.query(query)
      // Nothing is stale in a demo that was loaded a moment ago.
      if (!/where stale/.test(query)) expect(rows.length).toBeGreaterThan(0)
    })
  }
})
