// Writes ticks through the doors that the daemon uses, and tells how long the spool and the warehouse took.
import { randomUUIDv7 } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { RunRecord } from '../../src/spool/records.ts'
import { openSpool, type Spool } from '../../src/spool/spool.ts'
import { storeLive } from '../../src/sync/storing.ts'
import { acquireLease, type Lease } from '../../src/warehouse/lease.ts'
import { beginRun } from '../../src/warehouse/runs.ts'
import { type BenchWarehouse, TIMEZONE } from './database.ts'
import { timed } from './measure.ts'
import { readingOf, START_AT } from './readings.ts'

/** Writes one tick of all `names`; `spoolMs` until it is safe on the disk, `storeMs` from there to the commit. */
export type TickWriter = (
  names: readonly string[],
  poll: number,
  everyMs: number,
) => Promise<{ spoolMs: number; storeMs: number }>

/** A writer of ticks through the doors that the daemon uses: spool, lease, one transaction. */
export async function withTickWriter<T>(
  warehouse: BenchWarehouse,
  work: (writeTick: TickWriter) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'primosync-bench-spool-'))
  const spool = await openSpool(folder)
  const lease = (await acquireLease(warehouse, 'bench', {
    patienceMs: 0,
    signal: AbortSignal.timeout(1_000),
  }))!
  try {
    return await work(tickWriter(warehouse, spool, lease))
  } finally {
    await lease.release()
    await rm(folder, { recursive: true })
  }
}

function tickWriter(warehouse: BenchWarehouse, spool: Spool, lease: Lease): TickWriter {
  const storing = { warehouse, timezone: TIMEZONE, spool, lease, log: pino({ level: 'silent' }) }
  return async (names, poll, everyMs) => {
    const key = randomUUIDv7()
    const at = START_AT + poll * everyMs
    const run: RunRecord = {
      kind: 'run',
      key,
      account: null,
      trigger: 'manual',
      scheduledAt: null,
      startedAt: at,
      categories: names.length,
    }
    const segment = await spool.create(key)
    const spoolMs = await timed(() =>
      Promise.all([
        segment.append(run),
        ...names.map((category, n) =>
          segment.append({ kind: 'answer', account: 'default', category, at: at + n, ...readingOf(n, poll) }),
        ),
        segment.append({ kind: 'finished', at: at + names.length, status: 'ok', failed: 0 }),
      ]),
    )
    let stored = 0
    const storeMs = await timed(async () => {
      await beginRun(warehouse.db, run)
      await storeLive(storing, segment, key, (counts) => {
        stored += counts.stored
      })
    })
    if (stored !== names.length) throw new Error(`${stored} of ${names.length} snapshots were stored`)
    await segment.close()
    await spool.remove(segment.path)
    return { spoolMs, storeMs }
  }
}
