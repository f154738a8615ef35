// What the pages and the API need from the program that starts them.
import type { Logger } from '../logging.ts'
import type { HealthDeps } from './health.ts'
import type { Prometheus } from './prometheus.ts'

export interface AppDeps extends HealthDeps {
  readonly log: Logger
  readonly timezone: string
  /** The cron line of the ticks. */
  readonly schedule: string
  nextTickAt(): Date | null
  /** The built-in sandbox plays the provider, in the account `demoAccount`. */
  readonly demo: boolean
  readonly demoAccount: string
  /** The current token that opens the pages; null: none is set. */
  readonly token: (() => string) | null
  /** The address that the server listens on. */
  readonly host: string
  /** Where a reverse proxy mounts the pages, such as /sms; empty: at /. */
  readonly basePath: string
  /** What /metrics serves. */
  readonly prometheus: Pick<Prometheus, 'contentType' | 'render'>
}
