// The app of the daemon over a test warehouse, and warehouses to show in it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Hono } from 'hono'
import { sql } from 'kysely'
import { pino } from 'pino'
import type { AppDeps } from '../../src/serve/deps.ts'
import { createApp } from '../../src/serve/http.ts'
import { createPrometheus } from '../../src/serve/prometheus.ts'
import { openSpool } from '../../src/spool/spool.ts'
import { loadCalendar } from '../../src/warehouse/calendar.ts'
import type { Warehouse } from '../../src/warehouse/pool.ts'

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

const folder = mkdtempSync(join(tmpdir(), 'primosync-test-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

/** The app, called without a socket as `http://localhost`. */
export async function appOf(warehouse: Warehouse, changed: Partial<AppDeps> = {}): Promise<Hono> {
  const spool = await openSpool(folder)
  const deps = {
    warehouse,
    spool,
    log: pino({ level: 'silent' }),
    isPrepared: () => true,
    isWaiting: () => false,
    holder: 'a test',
    timezone: 'Europe/Paris',
    schedule: '*/5 * * * *',
    nextTickAt: () => new Date(Date.now() + 60_000),
    demo: false,
    demoAccount: 'sandbox',
    token: null,
    host: '127.0.0.1',
    basePath: '',
    ...changed,
  }
  return createApp({ prometheus: createPrometheus(deps, { maxAgeMs: 0 }), ...deps })
}

/**
 * Fills a warehouse with `categories` that were asked for every day of `days`, up to today: as rows, for to
 * derive them from snapshots would take minutes.
 */
export async function fillWarehouse({ db }: Warehouse, categories: number, days: number): Promise<void> {
  await loadCalendar(db, Date.now() - (days + 31) * DAY_MS, Date.now())
  await sql`update store.reporting set expected_every = interval '5 minutes'`.execute(db)
  await sql`insert into store.account (name) values ('default') on conflict do nothing`.execute(db)
  await sql`
    insert into store.category (account_id, name)
    select (select id from store.account where name = 'default'), 'category ' || lpad(n::text, 4, '0')
    from generate_series(1, ${categories}) n`.execute(db)
  await sql`
    insert into store.walk (category_id, first_at, newest_at, standing_at, day, day_growth, day_widest_gap_ms,
      day_snapshots)
    select id, now() - ${days} * interval '1 day', now() - interval '1 minute', now() - interval '1 minute',
      (now() at time zone 'Europe/Paris')::date, array_fill(id % 100, array[12]), 300000, 12
    from store.category`.execute(db)
  await sql`
    insert into store.day (day, category_id, sent, submitted, delivered, openers, clickers, clicks, opens, replies,
      unsubscribers, errors, bounced, complaint, widest_gap_ms, snapshots)
    select c.day, k.id, n, n, n * 97 / 100, n / 3, n / 5, n / 4, n / 2, 0, 0, n / 50, n / 100, 0, 300000, 288
    from store.category k, store.calendar c,
      lateral (select 100 + (k.id * 37 + extract(doy from c.day)::int * 11) % 900 as n) size
    where c.day < (now() at time zone 'Europe/Paris')::date
      and c.day > (now() at time zone 'Europe/Paris')::date - ${days}::int`.execute(db)
  await sql`
    insert into store.snapshot (observed_at, category_id, run_id, imported, kind, decided, previous_at, sent_delta)
    select now() - n * interval '1 hour', k.id, 1, false,
      case when n % 50 = k.id % 50 then 'correction' else 'growth' end::store.delta_kind, false,
      now() - (n + 1) * interval '1 hour', -1
    from store.category k, generate_series(1, 100) n`.execute(db)
  await sql`vacuum analyze`.execute(db)
}
