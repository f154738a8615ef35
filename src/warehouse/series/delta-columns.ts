// A delta as the columns of store.snapshot that are derived.
import { COUNTERS } from '../../counters/names.ts'
import type { Delta } from '../../counters/step.ts'
import { type ColumnOf, instants, integers, plain, texts } from './select-rows.ts'

/** A row of store.snapshot, or what becomes one; null: the first snapshot of a series has no delta. */
export interface WithDelta {
  readonly delta: Delta | null
}

export const DELTA_COLUMNS: readonly ColumnOf<'store.snapshot', WithDelta>[] = [
  plain('kind', 'store.delta_kind', ({ delta }) => delta?.kind ?? null),
  plain('decided', 'boolean', ({ delta }) => delta?.decided ?? null),
  instants('previous_at', ({ delta }) => delta?.previousAt ?? null),
  ...COUNTERS.map((name, i) =>
    integers(`${name}_delta` as const, ({ delta }: WithDelta) => delta?.counters[i] ?? null),
  ),
  plain('timespent_delta', 'numeric', ({ delta }) => delta?.timespent ?? null),
  texts('extra_delta', 'jsonb', ({ delta }) => (delta?.extra ? JSON.stringify(delta.extra) : null)),
]
