// Metrics that are read at a scrape: name, type and help of each, and its samples. Pure.
import { COUNTERS } from '../../counters/names.ts'
import type { AccountStats } from '../../read/account-stats.ts'
import type { ExportedTotals } from '../../read/exported-totals.ts'
import type { Watched } from '../../read/freshness.ts'
import { runStartedAt } from '../../spool/records.ts'
import type { WaitingSegment } from '../../spool/spool.ts'

export interface State {
  readonly now: number
  readonly version: string
  /** How this process is named in a lease. */
  readonly holder: string
  readonly isDatabaseUp: boolean
  /** Null: not known yet. */
  readonly watched: Watched | null
  readonly totals: ExportedTotals | null
  readonly accounts: readonly AccountStats[] | null
  /** Null: the spool cannot be read. */
  readonly spool: readonly WaitingSegment[] | null
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Family {
  readonly name: string
  readonly help: string
  readonly type: 'gauge' | 'counter'
  samples(state: State): Sample[]
}

/** One sample without labels; none where the value is unknown. */
const single = (value: number | null | undefined): Sample[] => (value == null ? [] : [{ labels: {}, value }])
const seconds = (ms: number) => ms / 1000

const gauge = (name: string, help: string, samples: Family['samples']): Family => {
  return { name: `primosync_${name}`, help, type: 'gauge', samples }
}

const OPERATION: readonly Family[] = [
  gauge('build_info', 'Always 1; its labels tell what runs.', ({ version }) => [
    { labels: { version, node_version: process.version }, value: 1 },
  ]),
  gauge(
    'database_up',
    'Whether the database answered in time when it was last asked for metrics: 1 or 0.',
    ({ isDatabaseUp }) => single(Number(isDatabaseUp)),
  ),
  gauge(
    'last_success_timestamp_seconds',
    'Unix time at which the newest run with at least one reading was stored, of any process on this database.',
    ({ watched }) => single(watched?.lastSuccessAt && seconds(watched.lastSuccessAt.getTime())),
  ),
  gauge('expected_interval_seconds', 'Longest time between two ticks of the schedule.', ({ watched }) =>
    single(watched?.expectedEverySeconds),
  ),
  gauge(
    'lease_held',
    'Whether this process is the one that may write now, which it is during a tick: 1 or 0.',
    ({ watched, holder }) => single(watched && Number(watched.leaseHolder === holder)),
  ),
  gauge('spool_size_bytes', 'Size of what waits in the spool to be stored.', ({ spool }) =>
    single(spool?.reduce((sum, { bytes }) => sum + bytes, 0)),
  ),
  gauge(
    'spool_runs',
    'Runs of which something waits in the spool, the one under way included.',
    ({ spool }) => single(spool?.length),
  ),
  gauge(
    'spool_oldest_age_seconds',
    'Age of the oldest run in the spool; 0 if it is empty.',
    ({ spool, now }) =>
      single(spool && (spool[0] ? Math.max(0, seconds(now - runStartedAt(spool[0].runKey))) : 0)),
  ),
]

const CATEGORIES: readonly Family[] = [
  gauge('categories', 'Categories by state.', ({ watched }) =>
    Object.entries(watched?.categories ?? {}).map(([state, value]) => ({ labels: { state }, value })),
  ),
  gauge(
    'category_age_seconds',
    'Time since the newest snapshot of an active category, or since it was added while it has none.',
    ({ watched, now }) =>
      (watched?.freshness ?? []).map(({ account, category, since }) => {
        return { labels: { account, category }, value: Math.max(0, seconds(now - since.getTime())) }
      }),
  ),
  gauge(
    'category_rejecting_answers',
    'Answers of an active category that were rejected since its newest snapshot; only categories with any. Without a category: of the account itself.',
    ({ watched }) =>
      (watched?.rejecting ?? []).map(({ account, category, answers }) => {
        return { labels: { account, category: category ?? '' }, value: answers }
      }),
  ),
  gauge(
    'categories_left_out',
    'Categories without a metric of their own, as there are more than are exported.',
    ({ watched, totals }) => [
      ...single(watched?.leftOut).map(({ value }) => ({ labels: { of: 'age' }, value })),
      ...single(totals?.leftOut).map(({ value }) => ({ labels: { of: 'totals' }, value })),
    ],
  ),
]

const TOTALS = COUNTERS.map((name, i): Family => {
  return {
    name: `primosync_sms_${name}_total`,
    help: `Growth of the provider's counter "${name}" since its first snapshot, resets corrected; it never falls.`,
    type: 'counter',
    samples: ({ totals }) =>
      (totals?.totals ?? [])
        .filter(({ counter }) => counter === i + 1)
        .map(({ account, category, total }) => ({ labels: { account, category }, value: total })),
  }
})

const ACCOUNTS: readonly Family[] = [
  gauge('account_credits', 'Credits of an account, as it last reported them.', ({ accounts }) =>
    ofAccounts(accounts, ({ credits }) => credits),
  ),
  gauge(
    'account_credits_days_left',
    'Days until the credits of an account are used up, at the pace of its last 28 days.',
    ({ accounts }) => ofAccounts(accounts, ({ days_left }) => days_left),
  ),
]

function ofAccounts(
  accounts: readonly AccountStats[] | null,
  read: (account: AccountStats) => number | null,
): Sample[] {
  return (accounts ?? []).flatMap((stats) =>
    single(read(stats)).map(({ value }) => ({ labels: { account: stats.account }, value })),
  )
}

export const FAMILIES: readonly Family[] = [...OPERATION, ...CATEGORIES, ...ACCOUNTS, ...TOTALS]
