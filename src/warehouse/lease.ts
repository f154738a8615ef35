// One writer at a time, over processes and machines: a lease row with a token that grows with each holder.
// A row belongs to no session, so the lease works behind PgBouncer, and that of a killed holder expires.
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import { PrimosyncError } from '../errors.ts'
import type { Db, Transaction, Warehouse } from './pool.ts'

const NAME = 'tick'
const LEASE_MS = 30_000
const RENEW_EVERY_MS = 10_000
const ASK_EVERY_MS = 200

export interface Lease {
  /** Throws a LeaseLostError if the lease was lost; otherwise no other process gets it before the transaction ends. */
  hold(tx: Transaction): Promise<void>
  /** Releases the lease. Never rejects. */
  release(): Promise<void>
}

/** The lease expired while its holder was paused, and another process may be writing. */
export class LeaseLostError extends PrimosyncError {
  override name = 'LeaseLostError'
}

/**
 * Waits for the lease, at most `patienceMs`; null if another process held it all the time. Rejects with the signal's
 * reason once that is aborted.
 */
export async function acquireLease(
  warehouse: Warehouse,
  holder: string,
  { patienceMs, signal }: { patienceMs: number; signal: AbortSignal },
): Promise<Lease | null> {
  const giveUpAt = performance.now() + patienceMs
  for (;;) {
    const token = await tryAcquire(warehouse.db, holder)
    if (token !== null) return heldLease(warehouse.db, token)
    if (performance.now() >= giveUpAt) return null
    await delay(ASK_EVERY_MS, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

/** The process that holds the lease; null: none. */
export async function leaseHolder(db: Db): Promise<string | null> {
  const { rows } = await sql<{ holder: string }>`
    select holder from store.lease where name = ${NAME} and expires_at > clock_timestamp()`.execute(db)
  return rows[0]?.holder ?? null
}

/** The token of a lease that could not be released, by its database: this process may take it again at once. */
const leftBehind = new WeakMap<Db, string>()

async function tryAcquire(db: Db, holder: string): Promise<string | null> {
  const mine = leftBehind.get(db) ?? '0'
  // `where not exists`, because ON CONFLICT locks the row even if it updates nothing, and would wait for the
  // transactions of the current holder.
  const { rows } = await sql<{ token: string }>`
    /* acquireLease */
    insert into store.lease (name, token, holder, expires_at)
    select ${NAME}, 1, ${holder}, clock_timestamp() + ${LEASE_MS} * interval '1 millisecond'
    where not exists (
      select from store.lease where name = ${NAME} and expires_at > clock_timestamp() and token <> ${mine}::bigint
    )
    on conflict (name) do update
    set token = lease.token + 1, holder = excluded.holder, expires_at = excluded.expires_at
    where lease.expires_at <= clock_timestamp() or lease.token = ${mine}::bigint
    returning token::text`.execute(db)
  return rows[0]?.token ?? null
}

function heldLease(db: Db, token: string): Lease {
  const renew = () =>
    sql`
    /* renewLease */
    update store.lease set expires_at = clock_timestamp() + ${LEASE_MS} * interval '1 millisecond'
    where name = ${NAME} and token = ${token}::bigint`.execute(db)
  // A failed renewal is not handled here: the next write finds the lease lost.
  const timer = setInterval(() => void renew().catch(() => {}), RENEW_EVERY_MS)
  timer.unref()
  return {
    async hold({ db: inTransaction }) {
      // The share lock makes the next holder wait for this transaction.
      const { rows } = await sql`
        /* holdLease */
        select 1 from store.lease where name = ${NAME} and token = ${token}::bigint
        and expires_at > clock_timestamp() for share`.execute(inTransaction)
      if (rows.length === 0) {
        throw new LeaseLostError('Another primosync took the lease while this one was paused.', {
          hint: 'No action is needed: what was not stored yet waits in the spool.',
        })
      }
    },
    async release() {
      clearInterval(timer)
      // The token grows, so that a renewal that is still under way has no effect.
      await sql`
        /* releaseLease */
        update store.lease set token = token + 1, expires_at = clock_timestamp()
        where name = ${NAME} and token = ${token}::bigint`
        .execute(db)
        .catch(() => leftBehind.set(db, token)) // for other processes it expires
    },
  }
}
