// What the database itself refuses: changes of what the provider said.
import { counters } from './columns.ts'

const said = (row: 'old' | 'new') =>
  `(${['observed_at', 'category_id', 'run_id', 'imported', 'timespent', 'extra'].map((name) => `${row}.${name}`).join(', ')}, ${counters(row)})`

/** The trigger that keeps the provider's columns of a stored snapshot as they are; the derived ones may change. */
export function guardsSql(): string {
  return `create or replace trigger keep_what_was_said before update on store.snapshot for each row
when (${said('old')} is distinct from ${said('new')})
execute function store.refuse_change();`
}
