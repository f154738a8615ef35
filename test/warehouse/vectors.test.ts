// Every worked case, through the database and the views that analysts read.
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  asWorked,
  decideLine,
  type Grain,
  type Line,
  openTestWarehouse,
  readDeltas,
  readTrends,
  recordLines,
  type TestWarehouse,
} from '../helpers/warehouse.ts'

interface Case {
  readonly name: string
  readonly why: string
  readonly timezone: string
  readonly input: Line[]
  readonly decisions?: { category: string; observed_at: string; as: string }[]
  readonly expected: { deltas: object[] } & { [K in `trends_${Grain}`]?: Record<string, unknown>[] }
}

const FOLDER = new URL('../vectors/', import.meta.url)
const cases = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json') && !file.startsWith('validation'))
  .map((file): Case => JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')))

for (const [timezone, ofZone] of Map.groupBy(cases, (one) => one.timezone)) {
  describe(`worked cases in ${timezone}`, () => {
    let warehouse: TestWarehouse
    beforeAll(async () => {
      warehouse = await openTestWarehouse(timezone)
    })
    afterAll(() => warehouse.close())

    for (const { name, why, input, decisions = [], expected } of ofZone) {
      test(`${name}: ${why}`, async () => {
        await recordLines(
          warehouse,
          input.map((line) => ({ ...line, account: name })),
        )
        for (const decision of decisions) await decideLine(warehouse, { ...decision, account: name })
        expect(await readDeltas(warehouse, name)).toEqual(expected.deltas)
        for (const grain of ['hourly', 'daily', 'weekly', 'monthly'] as const) {
          const rows = expected[`trends_${grain}`]
          if (rows)
            expect((await readTrends(warehouse, grain, name)).map(asWorked)).toEqual(rows.map(withoutNulls))
        }
      })
    }
  })
}

function withoutNulls(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, name === 'hour' ? new Date(value as string).toISOString() : value]),
  )
}
