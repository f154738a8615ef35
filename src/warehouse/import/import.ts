// Imports a file in any order: all valid lines in one transaction, with the same result as if they had come in time.
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Snapshot } from '../../counters/names.ts'
import type { Entry, LineProblem } from '../../transfer/entry.ts'
import { holdTimezone, loadCalendar } from '../calendar.ts'
import type { Db, Transaction, Warehouse } from '../pool.ts'
import { addToRun, beginRun, finishRun } from '../runs.ts'
import { deriveSeries, type SeriesContext } from '../series/derive.ts'
import { readFinalUntil } from '../series/prune.ts'
import { readSnapshotsAt, sameReading } from '../series/stored.ts'
import { numberArray } from '../series/text.ts'
import { readWalkRows, selectWalkRows, type WalkRow } from '../series/walk-row.ts'
import { importDecisions } from './decisions.ts'
import { type AddedCategory, type IdsByNumber, registerCategories } from './registry.ts'
import { createRejects, type Rejects } from './rejects.ts'
import { type Stage, type StagedSnapshot, stageEntries } from './stage.ts'
import { writeBehind } from './write-behind.ts'

export interface ImportOptions {
  /** The reporting time zone of the settings. */
  readonly timezone: string
  /** Reports what would happen, and changes nothing. */
  readonly dryRun: boolean
  /** Whether the settings list a category: a new one is active if they do, else paused. */
  isListed(account: string, category: string): boolean
  /** Called for each line that is not imported. Conflicts come last, not in the order of lines. */
  onProblem(problem: LineProblem): void
  /** Called for each batch that is stored, with its size and how many snapshots there are to store in all. */
  onStored?(snapshots: number, of: number): void
}

interface Counts {
  /** Snapshots that are new; those of them that lie before one that was there; those that were there already. */
  stored: number
  late: number
  alreadyThere: number
  /** Decisions that are new. */
  decisions: number
  /** Lines that are not imported: bad ones, and conflicts. */
  refused: number
  /** Conflicts that are new in sync.rejected. */
  conflicts: number
}

export interface Imported extends Readonly<Counts> {
  readonly newCategories: readonly AddedCategory[]
}

/** Rolls a transaction back, and carries its outcome. */
class TakenBack extends Error {
  readonly imported: Imported

  constructor(imported: Imported) {
    super('taken back')
    this.imported = imported
  }
}

/**
 * Stores what `blocks` hold and the warehouse does not have yet: all of it, or nothing if this throws. Idempotent.
 * What is stored stays: the same snapshot again is ignored, another one at its instant is a conflict.
 */
export async function importEntries(
  warehouse: Warehouse,
  blocks: AsyncIterable<readonly (Entry | LineProblem)[]>,
  options: ImportOptions,
): Promise<Imported> {
  const startedAt = Date.now()
  const counts: Counts = { stored: 0, late: 0, alreadyThere: 0, decisions: 0, refused: 0, conflicts: 0 }
  const refuse = (problem: LineProblem) => {
    counts.refused += 1
    options.onProblem(problem)
  }
  try {
    return await warehouse.transaction(async (staging) => {
      const stage = await stageEntries(staging, blocks, refuse)
      if (stage.span === null) return { ...counts, newCategories: [] }
      return await warehouse.transaction(async (tx) => {
        const newCategories = await storeStage(tx, stage, { ...options, startedAt, counts, refuse })
        const isChange = counts.stored + counts.decisions + counts.conflicts > 0
        if (options.dryRun || !isChange) throw new TakenBack({ ...counts, newCategories })
        return { ...counts, newCategories }
      })
    })
  } catch (error) {
    if (error instanceof TakenBack) return error.imported
    throw error
  }
}

interface Importing extends ImportOptions {
  readonly startedAt: number
  readonly counts: Counts
  refuse(refusal: LineProblem): void
}

async function storeStage(
  { db, connection }: Transaction,
  stage: Stage,
  importing: Importing,
): Promise<readonly AddedCategory[]> {
  const { counts, refuse } = importing
  await holdTimezone(db, importing.timezone)
  // Another import may take its time, and holds the accounts and categories that it adds until it ends.
  await sql`set local lock_timeout = 0`.execute(db)
  const { ids, added } = await registerCategories(db, stage.categories, importing.isListed)
  await lockSeries(db, ids)
  const calendar = await loadCalendar(db, stage.span!.from, stage.span!.until)
  const runId = (await beginRun(db, runOf(stage, importing.startedAt)))!
  const { finish, ...behind } = writeBehind(connection, { runId, imported: true })
  const context = { ...behind, calendar }
  const rejects = createRejects(context.db, runId, refuse)
  await importSnapshots(context, stage, ids, rejects, importing)
  await finish()
  counts.conflicts = await rejects.finish()
  counts.decisions = await importDecisions(context, stage, ids, refuse)
  await finish()
  await addToRun(db, runId, { stored: counts.stored, rejected: counts.conflicts, late: counts.late })
  await finishRun(db, runId, counts.refused > 0 ? 'partial' : 'ok', Date.now(), 0)
  return added
}

function runOf({ categories }: Stage, startedAt: number) {
  const accounts = new Set(categories.map(({ account }) => account))
  return {
    kind: 'run' as const,
    key: randomUUID(),
    account: accounts.size === 1 ? categories[0]!.account : null,
    trigger: 'import' as const,
    scheduledAt: null,
    startedAt,
    categories: categories.length,
  }
}

/** Waits for other writers of these series, in the order that all take. */
async function lockSeries(db: Db, ids: IdsByNumber): Promise<void> {
  await db
    .selectFrom('store.walk')
    .select('category_id')
    .where('category_id', '=', sql<number>`any(${numberArray(ids)}::integer[])`)
    .orderBy('category_id')
    .forUpdate()
    .execute()
}

async function importSnapshots(
  context: SeriesContext,
  stage: Stage,
  ids: IdsByNumber,
  rejects: Rejects,
  { counts, onStored }: Importing,
): Promise<void> {
  const walkRow = createWalkRowReader(context, ids)
  const parts = stage.snapshots()
  try {
    let part = await parts.next()
    while (!part.done) {
      const { category } = part.value[0]!
      const ofCategory = async function* () {
        for (; !part.done && part.value[0]!.category === category; part = await parts.next()) {
          yield part.value
          onStored?.(part.value.length, stage.entries)
        }
      }
      const row = await walkRow(category)
      const fresh = freshSnapshots(context, row, ofCategory(), rejects, counts)
      const first = await fresh.next()
      if (first.done) continue
      await deriveSeries(context, row, first.value[0]!.at, startingWith(first.value, fresh))
    }
  } finally {
    await parts.return(undefined)
  }
}

async function* startingWith<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield first
  yield* rest
}

const WALK_ROWS_AT_ONCE = 200

/** Reads the walk rows of categories that are asked for in ascending order, many at once. */
function createWalkRowReader({ db, calendar }: SeriesContext, ids: IdsByNumber) {
  let rows = new Map<number, WalkRow>()
  return async (category: number): Promise<WalkRow> => {
    if (!rows.has(ids[category]!)) {
      const wanted = ids.slice(category, category + WALK_ROWS_AT_ONCE)
      const query = selectWalkRows(db).where(
        'category_id',
        '=',
        sql<number>`any(${numberArray(wanted)}::integer[])`,
      )
      const read = await readWalkRows(query, calendar)
      rows = new Map(read.map((row) => [row.categoryId, row]))
    }
    return rows.get(ids[category]!)!
  }
}

/** The snapshots at instants that have none yet, in parts that are not empty. All others are compared with the stored ones. */
async function* freshSnapshots(
  { db }: SeriesContext,
  { categoryId, newestAt }: WalkRow,
  parts: AsyncIterable<readonly StagedSnapshot[]>,
  rejects: Rejects,
  counts: Counts,
): AsyncGenerator<Snapshot[]> {
  const finalUntil = newestAt === null ? null : await readFinalUntil(db, categoryId)
  let kept: Snapshot | undefined
  for await (const part of parts) {
    const instants = part
      .map(({ snapshot }) => snapshot.at)
      .filter((at) => newestAt !== null && at <= newestAt)
    const stored = instants.length > 0 ? await readSnapshotsAt(db, categoryId, instants) : undefined
    const fresh: Snapshot[] = []
    for (const { line, snapshot } of part) {
      const twin: Snapshot | undefined = kept?.at === snapshot.at ? kept : stored?.get(snapshot.at)
      kept = twin ?? snapshot
      if (twin === undefined && finalUntil !== null && snapshot.at <= finalUntil) {
        rejects.refuseFinal(line, finalUntil)
      } else if (twin === undefined) {
        counts.stored += 1
        if (newestAt !== null && snapshot.at < newestAt) counts.late += 1
        fresh.push(snapshot)
      } else if (sameReading(twin, snapshot)) counts.alreadyThere += 1
      else await rejects.addConflict(line, categoryId, snapshot)
    }
    if (fresh.length > 0) yield fresh
  }
}
