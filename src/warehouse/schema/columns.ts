// The columns that views and comments have in common, as SQL. Made from the one list of counters.
import { COUNTERS } from '../../counters/names.ts'
import { RATE_DEFINITIONS } from '../../counters/rates.ts'

/** A column for each counter, by `column`, with commas between them. */
export function eachCounter(column: (name: string, position: number) => string): string {
  return COUNTERS.map((name, i) => column(name, i + 1)).join(', ')
}

/** `s.sent, s.submitted, …`; without an alias `sent, submitted, …`. */
export const counters = (alias?: string) =>
  eachCounter((name) => (alias === undefined ? name : `${alias}.${name}`))

/** The rates of the counters at hand. */
export const rates = RATE_DEFINITIONS.map(
  ({ name, part, whole }) => `store.rate(${part}, ${whole}) as ${name}`,
).join(', ')

/** The account of category `c`, without the accounts' own series, which have no name. */
export const ITS_ACCOUNT = "join store.account a on a.id = c.account_id and c.name <> ''"
