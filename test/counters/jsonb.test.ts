import pg from 'pg'
import { expect, test } from 'vitest'
import { readStats } from '../../src/counters/stats.ts'
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts'

async function withDatabase(use: (client: pg.Client) => Promise<void>): Promise<void> {
  const database: TestDatabase = await createTestDatabase()
  const client = new pg.Client({ connectionString: database.url })
  try {
    await client.connect()
    await use(client)
  } finally {
    await client.end()
    await database.drop()
  }
}

/** The reading of a stats object with these further fields. */
function readingOf(fields: string) {
  const stats = readStats(`{"sent":1,${fields}}`)
  if ('reason' in stats) throw new Error(stats.reason)
  return stats.reading
}

// what each case is in PostgreSQL without mending: refused, or a number that numeric just holds
test('PostgreSQL takes every extra and every timespent, however extreme', () =>
  withDatabase(async (client) => {
    for (const fields of [
      '"a":"x\\u0000","b\\u0000":"\\ud800"',
      '"a":1e131071,"b":1e131072,"c":123e131070,"d":1e999999999999',
      '"a":1e-16383,"b":1e-16384,"c":12.3e-16382,"d":12.3e-16383',
      `"a":1.${'0'.repeat(16_383)},"b":1.${'0'.repeat(16_384)},"c":1${'0'.repeat(16_384)}e-16384`,
      '"a":0e131072,"b":0e-16384,"c":-0,"d":0e9999999999',
      `"a":${'['.repeat(100_000)}${']'.repeat(100_000)}`,
      `"a":${'{"b":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
      '"timespent":1e308',
      '"timespent":1e-16384',
      `"timespent":0.${'3'.repeat(100_000)}`,
    ]) {
      const { extra, timespent } = readingOf(fields)
      const { rows } = await client.query(
        'select $1::jsonb is not distinct from $1::text::jsonb as taken, $2::numeric::text as timespent',
        [extra, timespent],
      )
      expect(rows, fields.slice(0, 60)).toEqual([{ taken: true, timespent }])
    }
  }))

test('a number that numeric holds stays a number, the next one becomes text', () =>
  withDatabase(async (client) => {
    const { extra } = readingOf('"a":1e131071,"b":1e131072,"c":1e-16383,"d":1e-16384')
    const { rows } = await client.query(
      'select key, jsonb_typeof(value) as type from jsonb_each($1::jsonb) order by key',
      [extra],
    )
    expect(rows.map(({ key, type }) => [key, type])).toEqual([
      ['a', 'number'],
      ['b', 'string'],
      ['c', 'number'],
      ['d', 'string'],
    ])
    await expect(client.query(`select '1e131072'::jsonb`)).rejects.toThrow('overflows')
    await expect(client.query(`select '1e-16384'::jsonb`)).rejects.toThrow('overflows')
  }))
