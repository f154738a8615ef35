// The entries of a file in a temporary table, from which they are read in the order of their series: a file of any
// size, in any order, is imported in one transaction and in constant memory.
import { finished, pipeline } from 'node:stream/promises'
import { sql } from 'kysely'
import type pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import type { Counters, Snapshot } from '../../counters/names.ts'
import type { Entry, LineProblem, RecordedDecision } from '../../transfer/entry.ts'
import type { Db, Transaction } from '../pool.ts'
import { copyText, fromCopyText } from '../series/text.ts'

/** A category that the file names, numbered in the order of first appearance. */
export interface StagedCategory {
  readonly number: number
  readonly account: string
  readonly category: string
  decisions: number
}

export interface Stage {
  readonly categories: readonly StagedCategory[]
  readonly entries: number
  /** From its first to its last instant; null if it is empty. */
  readonly span: { readonly from: number; readonly until: number } | null
  /** The snapshots, category by category, in the order of time and of the file; no part is of two categories. */
  snapshots(): AsyncGenerator<StagedSnapshot[]>
  /** The decisions about a category, in the order of the file. To be called once all snapshots are read. */
  decisionsOf(category: number): Promise<StagedDecision[]>
}

export interface StagedSnapshot {
  readonly category: number
  readonly line: number
  readonly snapshot: Snapshot
}

export interface StagedDecision {
  readonly category: number
  readonly line: number
  readonly at: number
  readonly decision: RecordedDecision
}

/**
 * Stages the entries of `blocks` for as long as the transaction lasts; `refuse` is called for lines that are no entries.
 * The transaction serves the stage alone, because it reads ahead while another one writes.
 */
export async function stageEntries(
  { db, connection }: Transaction,
  blocks: AsyncIterable<readonly (Entry | LineProblem)[]>,
  refuse: (refusal: LineProblem) => void,
): Promise<Stage> {
  await connection.query(
    `set local idle_in_transaction_session_timeout = 0; -- it holds no lock that others wait for
    set local work_mem = '64MB';
    create temporary table import_line (
      category integer, at bigint, line bigint, counters text, timespent text, extra text, decision text
    ) on commit drop`,
  )
  const categories = createNumbering()
  let entries = 0
  let from = Number.POSITIVE_INFINITY
  let until = Number.NEGATIVE_INFINITY

  async function* rows() {
    for await (const block of blocks) {
      let text = ''
      for (const entry of block) {
        if ('reason' in entry) {
          refuse(entry)
          continue
        }
        entries += 1
        from = Math.min(from, entry.at)
        until = Math.max(until, entry.at)
        text += rowText(entry, categories.of(entry))
      }
      if (text !== '') yield text
    }
  }
  await pipeline(rows(), connection.query(copyFrom('copy import_line from stdin')))
  return {
    categories: categories.all,
    entries,
    span: entries === 0 ? null : { from, until },
    snapshots: () => readSnapshots(connection),
    decisionsOf: (category) => readDecisions(db, category),
  }
}

function createNumbering() {
  const all: StagedCategory[] = []
  const byAccount = new Map<string, Map<string, StagedCategory>>()
  const add = ({ account, category }: Entry): StagedCategory => {
    const added = { number: all.length, account, category, decisions: 0 }
    all.push(added)
    const ofAccount = byAccount.get(account)
    if (ofAccount) ofAccount.set(category, added)
    else byAccount.set(account, new Map([[category, added]]))
    return added
  }
  return { all, of: (entry: Entry) => byAccount.get(entry.account)?.get(entry.category) ?? add(entry) }
}

function rowText(entry: Entry, category: StagedCategory): string {
  const key = `${category.number}\t${entry.at}\t${entry.line}`
  if ('decision' in entry) {
    category.decisions += 1
    return `${key}\t\\N\t\\N\t\\N\t${copyText(JSON.stringify(entry.decision))}\n`
  }
  const { counters, timespent, extra } = entry.reading
  return `${key}\t${counters.join(',')}\t${timespent ?? '\\N'}\t${copyText(extra)}\t\\N\n`
}

/** By COPY: pages of a cursor take twice the time, and memory that the garbage collector frees late. */
async function* readSnapshots(connection: pg.ClientBase): AsyncGenerator<StagedSnapshot[]> {
  const rows = connection.query(
    copyTo(`copy (
      select category, at, line, counters, timespent, extra from import_line where decision is null
      order by category, at, line
    ) to stdout`),
  )
  try {
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of rows.iterator({ destroyOnReturn: false })) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop()!
      yield* partsOf(lines.map(fromLine))
    }
  } finally {
    await finished(rows.resume()).catch(() => {}) // only then does the connection accept another statement
  }
}

function* partsOf(snapshots: StagedSnapshot[]): Generator<StagedSnapshot[]> {
  let start = 0
  for (let end = 1; end <= snapshots.length; end++) {
    if (end < snapshots.length && snapshots[end]!.category === snapshots[start]!.category) continue
    yield snapshots.slice(start, end)
    start = end
  }
}

function fromLine(text: string): StagedSnapshot {
  const [category, at, line, counters, timespent, extra] = text.split('\t')
  return {
    category: Number(category),
    line: Number(line),
    snapshot: {
      at: Number(at),
      counters: countersOf(counters!),
      timespent: fromCopyText(timespent!),
      extra: fromCopyText(extra!),
    },
  }
}

function countersOf(text: string): Counters {
  return text.split(',').map((value) => (value === '' ? null : Number(value)))
}

async function readDecisions(db: Db, category: number): Promise<StagedDecision[]> {
  const { rows } = await sql<{ line: number; at: number; decision: string }>`
    select line, at, decision from import_line where category = ${category} and decision is not null
    order by line`.execute(db)
  return rows.map(({ line, at, decision }) => ({ category, line, at, decision: JSON.parse(decision) }))
}
