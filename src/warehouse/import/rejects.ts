// Conflicts of an import: stored in sync.rejected with their values, once, however often the file is imported.
import { sql } from 'kysely'
import { keptBody } from '../../counters/kept-body.ts'
import type { Snapshot } from '../../counters/names.ts'
import { readingText } from '../../counters/reading-text.ts'
import type { LineProblem } from '../../transfer/entry.ts'
import type { Db } from '../pool.ts'
import { numberArray, textArray, timestamp } from '../series/text.ts'

const WRITE_AT_ONCE = 1_000

export interface Rejects {
  addConflict(line: number, categoryId: number, snapshot: Snapshot): Promise<void>
  /** A snapshot in a part of the history that pruning has made final. It is reported, not stored. */
  refuseFinal(line: number, finalUntil: number): void
  /** Writes what waits. Resolves to how many conflicts are new in sync.rejected. */
  finish(): Promise<number>
}

export function createRejects(db: Db, runId: number, refuse: (refusal: LineProblem) => void): Rejects {
  let waiting: { categoryId: number; at: number; body: string }[] = []
  let kept = 0

  async function write(): Promise<void> {
    const rows = waiting
    waiting = []
    const { numAffectedRows } = await sql`
      /* insertConflicts */
      insert into store.rejected (run_id, category_id, at, reason, body)
      select distinct on (n.category_id, n.at, n.body) ${runId}::integer, n.category_id, n.at, 'conflict', n.body
      from unnest(
        ${numberArray(rows.map(({ categoryId }) => categoryId))}::integer[],
        ${numberArray(rows.map(({ at }) => timestamp(at)))}::timestamptz[],
        ${textArray(rows.map(({ body }) => body))}::text[]
      ) n (category_id, at, body)
      where not exists (
        select from store.rejected r
        where r.category_id = n.category_id and r.at = n.at and r.reason = 'conflict' and r.body = n.body
      )`.execute(db)
    kept += Number(numAffectedRows ?? 0)
  }

  return {
    async addConflict(line, categoryId, snapshot) {
      const at = timestamp(snapshot.at)
      refuse({ line, reason: `conflict: another snapshot of this category at ${at} came first, and stays` })
      waiting.push({ categoryId, at: snapshot.at, body: keptBody(readingText(snapshot)) })
      if (waiting.length >= WRITE_AT_ONCE) await write()
    },
    refuseFinal(line, finalUntil) {
      refuse({
        line,
        reason: `final: up to ${timestamp(finalUntil)} the history of this category was pruned`,
      })
    },
    async finish() {
      if (waiting.length > 0) await write()
      return kept
    },
  }
}
