// What the functions of this folder read from: a database, and the account that they leave out.
import type { Db } from '../warehouse/pool.ts'

export interface Source {
  readonly db: Db
  /** Demo data of an earlier try, in a database that now holds real data; null: nothing is left out. */
  readonly hiddenAccount: string | null
}

/** The demo's account is hidden unless the demo runs. */
export function sourceOf({
  warehouse,
  demo,
  demoAccount,
}: {
  readonly warehouse: { readonly db: Db }
  readonly demo: boolean
  readonly demoAccount: string
}): Source {
  return { db: warehouse.db, hiddenAccount: demo ? null : demoAccount }
}
