// Decisions of an import, recorded as they were taken; the series of their categories derived anew.
import type { LineProblem } from '../../transfer/entry.ts'
import { deriveSeries, type SeriesContext } from '../series/derive.ts'
import { timestamp } from '../series/text.ts'
import { readWalkRows } from '../series/walk-row.ts'
import type { IdsByNumber } from './registry.ts'
import type { Stage, StagedDecision } from './stage.ts'

/** Records the staged decisions, once all snapshots are stored. Gives how many are new. */
export async function importDecisions(
  context: SeriesContext,
  stage: Stage,
  ids: IdsByNumber,
  refuse: (refusal: LineProblem) => void,
): Promise<number> {
  let recorded = 0
  for (const { number, decisions } of stage.categories) {
    if (decisions === 0) continue
    const instants: number[] = []
    for (const staged of await stage.decisionsOf(number)) {
      const verdict = await record(context, ids[number]!, staged)
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
  { connection }: SeriesContext,
  categoryId: number,
  { at, decision }: StagedDecision,
): Promise<string> {
  const { rows } = await connection.query<{ stored: boolean; known: boolean; outdated: boolean }>(
    `/* importDecision */
    with earlier as (
      select * from store.decision where category_id = $1 and observed_at = $2
    ), found as (
      select
        exists (select from store.snapshot where category_id = $1 and observed_at = $2) as stored,
        exists (
          select from earlier
          where decided_as = $3 and decided_by = $4 and decided_at = $5::timestamptz and why = $6
        ) as known,
        exists (select from earlier where decided_at > $5::timestamptz) as outdated
    ), added as (
      insert into store.decision (category_id, observed_at, decided_as, decided_by, decided_at, why)
      select $1, $2, $3, $4, $5::timestamptz, $6 from found where stored and not known and not outdated
    )
    select * from found`,
    [categoryId, timestamp(at), decision.as, decision.by, decision.at, decision.why],
  )
  const { stored, known, outdated } = rows[0]!
  if (known) return 'known'
  if (!stored) return `decision: there is no snapshot of this category at ${timestamp(at)}`
  return outdated ? 'decision: a later one about this snapshot is there, and holds' : 'recorded'
}

async function deriveAnew(context: SeriesContext, categoryId: number, changedAt: number): Promise<void> {
  const { connection, calendar } = context
  const [row] = await readWalkRows(connection, calendar, 'store.walk', 'category_id = $1', [categoryId])
  await deriveSeries(context, row!, changedAt, [])
}
