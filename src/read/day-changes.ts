// Which days of a category change, and by how much: what a decision does to its trends.
import { COUNTERS, type CounterName } from '../counters/names.ts'
import type { CategoryKey } from './category-keys.ts'
import type { Source } from './source.ts'
import type { Value } from './trends.ts'

/** By day, what grew, by counter. */
export type Days = ReadonlyMap<string, Readonly<Record<CounterName, Value>>>

export interface DayChange {
  readonly day: string
  readonly metric: CounterName
  /** Null: unknown; beyond 2^53 as text. */
  readonly before: Value
  readonly after: Value
  /** `after` less `before`, null where one of them is. */
  readonly change: Value
}

export async function readDays(
  { db }: Pick<Source, 'db'>,
  { account, category }: CategoryKey,
): Promise<Days> {
  const rows = await db
    .selectFrom('sms.trends_daily')
    .select(['day', ...COUNTERS])
    .where('account', '=', account)
    .where('category', '=', category)
    .execute()
  return new Map(rows.map(({ day, ...counters }) => [day, counters]))
}

/** The counters that differ, by day; a day that is on one side only is unknown on the other. */
export function dayChanges(before: Days, after: Days): DayChange[] {
  const days = [...new Set([...before.keys(), ...after.keys()])].sort()
  return days.flatMap((day) =>
    COUNTERS.flatMap((metric) => {
      const [was, is] = [before.get(day)?.[metric] ?? null, after.get(day)?.[metric] ?? null]
      return was === is ? [] : [{ day, metric, before: was, after: is, change: difference(is, was) }]
    }),
  )
}

function difference(value: Value, before: Value): Value {
  if (value === null || before === null) return null
  const change = BigInt(value) - BigInt(before)
  return Number.isSafeInteger(Number(change)) ? Number(change) : String(change)
}
