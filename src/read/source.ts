// What the pages and the API are given by whoever starts them.
import type { Logger } from '../logging.ts'
import type { HealthDeps } from '../serve/health.ts'
import type { Prometheus } from '../serve/prometheus.ts'
import type { Db } from '../warehouse/pool.ts'

export interface AppDeps extends HealthDeps {
  readonly log: Logger
  readonly timezone: string
  /** The cron line of the ticks. */
  readonly schedule: string
  nextTickAt(): Date | null
  /** The built-in sandbox plays the provider, in the account `demoAccount`. */
  readonly demo: boolean
  readonly demoAccount: string
  /** What opens the pages, as of now; null: none is set. */
  readonly token: (() => string) | null
  /** The address that is listened on. */
  readonly host: string
  /** What /metrics serves. */
  readonly prometheus: Pick<Prometheus, 'contentType' | 'render'>
}

/** What a read model needs: the database, and the account that it leaves out. */
export interface Source {
  readonly db: Db
  /** Demo data of an earlier try in a database that real data are in now; null: nothing is left out. */
  readonly hiddenAccount: string | null
}

export function sourceOf({
  warehouse,
  demo,
  demoAccount,
}: Pick<AppDeps, 'warehouse' | 'demo' | 'demoAccount'>): Source {
  return { db: warehouse.db, hiddenAccount: demo ? null : demoAccount }
}
