// One writer at a time, over processes and machines: a lease row with a token that grows with each holder.
// A row lives in no session, so it works behind PgBouncer, and a killed holder's lease simply runs out.
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import { PrimosyncError } from '../errors.ts'
import type { Db, Transaction, Warehouse } from './pool.ts'

const NAME = 'tick'
const LEASE_MS = 30_000
const RENEW_EVERY_MS = 10_000
const ASK_EVERY_MS = 200

export interface Lease {
  /** Throws a LeaseLostError, in the transaction, unless the lease still holds; keeps others out until it ends. */
  hold(tx: Transaction): Promise<void>
  /** Lets the next one in. Never rejects. */
  release(): Promise<void>
}

/** The lease ran out while its holder was paused, and somebody else may be writing. */
export class LeaseLostError extends PrimosyncError {
  override name = 'LeaseLostError'
}

/**
 * Waits for its turn, at most `patienceMs`; null if somebody else held the lease all the time. Rejects with the
 * signal's reason once that is aborted.
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

/** Who holds the lease now; null: nobody. */
export async function leaseHolder(db: Db): Promise<string | null> {
  const { rows } = await sql<{ holder: string }>`
    select holder from store.lease where name = ${NAME} and expires_at > clock_timestamp()`.execute(db)
  return rows[0]?.holder ?? null
}

/** The token of a lease that could not be given back, by the database that it is of: nobody holds it any more. */
const leftBehind = new WeakMap<Db, string>()

async function tryAcquire(db: Db, holder: string): Promise<string | null> {
  const mine = leftBehind.get(db) ?? '0'
  // `where not exists`: ON CONFLICT locks the row even where it updates nothing, and so would wait for the
  // transactions of a holder who is well.
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
  // A renewal that fails needs no care of its own: the next write finds the lease lost.
  const timer = setInterval(() => void renew().catch(() => {}), RENEW_EVERY_MS)
  timer.unref()
  return {
    async hold({ db: inTransaction }) {
      // The share lock makes a taker-over wait for this transaction, so that it cannot commit after one.
      const { rows } = await sql`
        /* holdLease */
        select 1 from store.lease where name = ${NAME} and token = ${token}::bigint
        and expires_at > clock_timestamp() for share`.execute(inTransaction)
      if (rows.length === 0) {
        throw new LeaseLostError('Another primosync took over while this one was paused.', {
          hint: 'Nothing is lost: what was not stored yet waits in the spool.',
        })
      }
    },
    async release() {
      clearInterval(timer)
      // The token moves on, so that a renewal still on its way cannot bring the lease back.
      await sql`
        /* releaseLease */
        update store.lease set token = token + 1, expires_at = clock_timestamp()
        where name = ${NAME} and token = ${token}::bigint`
        .execute(db)
        .catch(() => leftBehind.set(db, token)) // for others it runs out by itself
    },
  }
}
