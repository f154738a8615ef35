// Decisions of an import, recorded as they were taken; the series of their categories derived anew.
import { sql } from 'kysely'
import type { LineProblem } from '../../transfer/entry.ts'
import { deriveSeries, type SeriesContext } from '../series/derive.ts'
import { readFinalUntil } from '../series/prune.ts'
import { timestamp } from '../series/text.ts'
import { readWalkRows, selectWalkRows } from '../series/walk-row.ts'
import type { IdsByNumber } from './registry.ts'
import type { Stage, StagedDecision } from './stage.ts'

/** Records the staged decisions, once all snapshots are stored. Returns how many are new. */
export async function importDecisions(
  context: SeriesContext,
  stage: Stage,
  ids: IdsByNumber,
  refuse: (refusal: LineProblem) => void,
): Promise<number> {
  let recorded = 0
  for (const { number, decisions } of stage.categories) {
    if (decisions === 0) continue
    const finalUntil = await readFinalUntil(context.db, ids[number]!)
    const instants: number[] = []
    for (const staged of await stage.decisionsOf(number)) {
      const verdict = await record(context, ids[number]!, staged, finalUntil)
      if (verdict === 'recorded') instants.push(staged.at)
      else if (verdict !== 'known') refuse({ line: staged.line, reason: verdict })
    }
    if (instants.length === 0) continue
    await deriveAnew(context, ids[number]!, Math.min(...instants))
    recorded += instants.length
  }
  return recorded
}

async function record(
  { db }: SeriesContext,
  categoryId: number,
  { at, decision }: StagedDecision,
  finalUntil: number | null,
): Promise<string> {
  const { as, by, at: decidedAt, why } = decision
  const isFinal = finalUntil !== null && at <= finalUntil
  const { rows } = await sql<{ stored: boolean; known: boolean; outdated: boolean }>`
    /* importDecision */
    with earlier as (
      select * from store.decision where category_id = ${categoryId} and observed_at = ${timestamp(at)}
    ), found as (
      select
        exists (
          select from store.snapshot where category_id = ${categoryId} and observed_at = ${timestamp(at)}
        ) as stored,
        exists (
          select from earlier
          where decided_as = ${as} and decided_by = ${by} and decided_at = ${decidedAt}::timestamptz and why = ${why}
        ) as known,
        exists (select from earlier where decided_at > ${decidedAt}::timestamptz) as outdated
    ), added as (
      insert into store.decision (category_id, observed_at, decided_as, decided_by, decided_at, why)
      select ${categoryId}, ${timestamp(at)}::timestamptz, ${as}, ${by}, ${decidedAt}::timestamptz, ${why}
      from found where stored and not known and not outdated and not ${isFinal}::boolean
    )
    select * from found`.execute(db)
  const { stored, known, outdated } = rows[0]!
  if (known) return 'known'
  if (isFinal)
    return `decision: up to ${timestamp(finalUntil)} the history of this category is final, as it was pruned`
  if (!stored) return `decision: there is no snapshot of this category at ${timestamp(at)}`
  return outdated ? 'decision: a later one about this snapshot is there, and holds' : 'recorded'
}

async function deriveAnew(context: SeriesContext, categoryId: number, changedAt: number): Promise<void> {
  const query = selectWalkRows(context.db).where('category_id', '=', categoryId)
  const [row] = await readWalkRows(query, context.calendar)
  await deriveSeries(context, row!, changedAt, [])
}
