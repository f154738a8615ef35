// What waits in the spool: the segments that the warehouse has not stored completely.
import type { Spool, WaitingSegment } from '../spool/spool.ts'
import type { Db } from '../warehouse/pool.ts'
import { readSpooledBytes } from '../warehouse/runs.ts'

/**
 * The segments with answers that are not stored, oldest first; all segments while the database is away. A segment whose
 * process died stays for a while after it is stored, as that process may only be paused, and is left out here.
 */
export async function listWaiting(spool: Spool, db: Db): Promise<WaitingSegment[]> {
  const segments = await spool.list()
  if (segments.length === 0) return segments
  const stored = await readSpooledBytes(
    db,
    segments.map(({ runKey }) => runKey),
  ).catch(() => new Map<string, number>())
  return segments.filter(({ runKey, bytes }) => bytes > (stored.get(runKey) ?? 0))
}
