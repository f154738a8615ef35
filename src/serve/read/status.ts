// The state of things at a glance: last run, next tick, spool, what is stale.

import { sql } from 'kysely'
import { sourceOf } from '../../read/source.ts'
import { listWaiting } from '../../read/waiting.ts'
import { readLastRun } from '../../warehouse/status.ts'
import type { AppDeps } from '../deps.ts'

export interface Status {
  readonly demo: boolean
  readonly timezone: string
  readonly schedule: string
  readonly now: Date
  readonly next_tick_at: Date | null
  readonly last_run: {
    readonly id: number
    readonly trigger: string
    readonly started_at: Date
    readonly status: string
    readonly categories: number
    readonly stored: number
    readonly failed: number
    readonly rejected: number
    readonly late: number
  } | null
  readonly spool: { readonly runs: number; readonly bytes: number }
  readonly categories: {
    readonly active: number
    readonly paused: number
    readonly stale: number
  }
  /** In the last 24 hours. */
  readonly failed_last_day: number
  readonly rejected_last_day: number
}

export async function readStatus(deps: AppDeps): Promise<Status> {
  const { db, hiddenAccount } = sourceOf(deps)
  const visible = sql`(${hiddenAccount}::text is null or account is distinct from ${hiddenAccount})`
  const [lastRun, segments, counts] = await Promise.all([
    readLastRun(db),
    listWaiting(deps.spool, db),
    sql<{ active: number; paused: number; stale: number; failed: number; rejected: number }>`
      /* readStatus */
      select * from (
        select count(*) filter (where state = 'active') as active, count(*) filter (where stale) as stale,
          count(*) filter (where state = 'paused') as paused
        from sms.freshness where ${visible}
      ) categories, (
        select coalesce(sum(failed), 0) as failed, coalesce(sum(rejected), 0) as rejected
        from sync.runs where started_at > now() - interval '1 day' and ${visible}
      ) runs`.execute(db),
  ])
  const { active, paused, stale, failed, rejected } = counts.rows[0]!
  return {
    demo: deps.demo,
    timezone: deps.timezone,
    schedule: deps.schedule,
    now: new Date(),
    next_tick_at: deps.nextTickAt(),
    last_run: lastRun && { ...withoutStartedAt(lastRun), started_at: lastRun.startedAt },
    spool: { runs: segments.length, bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0) },
    categories: { active, paused, stale },
    failed_last_day: failed,
    rejected_last_day: rejected,
  }
}

function withoutStartedAt<T extends { startedAt: Date }>({ startedAt: _, ...rest }: T): Omit<T, 'startedAt'> {
  return rest
}
