// The Grafana dashboard: every query in it runs, as a reader, on the demo's data.
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadDemoHistory } from '../../src/sync/demo.ts'
import { grantReader } from '../../src/warehouse/grant.ts'
import { uniqueName } from '../helpers/database.ts'
import { openTestWarehouse, type TestWarehouse } from '../helpers/warehouse.ts'

interface Query {
  readonly name: string
  readonly format: string
  readonly sql: string
}

interface Target {
  readonly format: string
  readonly rawSql: string
}

const dashboard = JSON.parse(
  readFileSync(new URL('../../docs/monitoring/grafana.json', import.meta.url), 'utf8'),
)
const queries: Query[] = [
  ...dashboard.panels.map(({ title, targets }: { title: string; targets: Target[] }) => {
    return { name: `panel ${title}`, format: targets[0]!.format, sql: targets[0]!.rawSql }
  }),
  ...dashboard.templating.list.map(({ name, query }: { name: string; query: string }) => {
    return { name: `variable ${name}`, format: 'table', sql: query }
  }),
  ...dashboard.annotations.list.map(({ name, target }: { name: string; target: Target }) => {
    return { name: `annotation ${name}`, format: target.format, sql: target.rawSql }
  }),
]

/** A demo that was loaded a moment ago has no failures. */
const MAY_BE_EMPTY = ['panel Failures']

describe('queries of the Grafana dashboard', () => {
  let warehouse: TestWarehouse
  let reader: pg.Client
  let chosen: Record<string, readonly string[]>

  beforeAll(async () => {
    warehouse = await openTestWarehouse()
    await loadDemoHistory(warehouse, () => {})
    const { rows } = await warehouse.pool.query('select category from sms.categories')
    chosen = { account: ['sandbox'], category: rows.map(({ category }) => category) }
    const role = uniqueName()
    await warehouse.pool.query(`create role ${role} login password 'reader'`)
    await grantReader(warehouse.db, role)
    const url = new URL(warehouse.url)
    Object.assign(url, { username: role, password: 'reader' })
    reader = new pg.Client(url.href)
    await reader.connect()
  })

  afterAll(async () => {
    await reader.end()
    await warehouse.close()
  })

  /** What Grafana makes of its macros and variables. */
  const asSent = (sql: string) =>
    sql
      .replace(/\$__timeFilter\(([^)]+)\)/g, (_, column) => {
        const [from, to] = [Date.now() - 30 * 86_400_000, Date.now()].map((at) => new Date(at).toISOString())
        return `${column} BETWEEN '${from}' AND '${to}'`
      })
      .replace(/\$\{(\w+):sqlstring\}/g, (_, name) =>
        chosen[name]!.map((value) => `'${value.replaceAll("'", "''")}'`).join(','),
      )

  test('there are panels, variables and marks', () => {
    expect(queries.length).toBeGreaterThan(13)
    const ids = dashboard.panels.map(({ id }: { id: number }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(dashboard.panels.every(({ targets }: { targets: Target[] }) => targets.length === 1)).toBe(true)
  })

  for (const { name, format, sql } of queries) {
    test(name, async () => {
      const sent = asSent(sql)
      expect(sent).not.toContain('$')
      const { rows, fields } = await reader.query(sent)
      if (!MAY_BE_EMPTY.includes(name)) expect(rows.length).toBeGreaterThan(0)
      if (format !== 'time_series') return
      // Grafana wants an instant first, and numbers or at most one text beside it.
      expect(fields[0]!.name).toBe('time')
      expect(rows.every(({ time }) => time instanceof Date)).toBe(true)
      const texts = Object.values(rows[0]).filter(
        (value) => typeof value === 'string' && Number.isNaN(Number(value)),
      )
      expect(texts.length).toBe(fields.some((field) => field.name === 'metric') ? 1 : 0)
    })
  }
})
