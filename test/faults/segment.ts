// A segment with so many answers that a replay with little memory cannot hold all of them.
import { randomUUIDv7 } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { COUNTERS } from '../../src/counters/names.ts'
import { type SpoolRecord, toLine } from '../../src/spool/records.ts'

const ACCOUNT = 'replayed'
const CATEGORIES = 50
const ANSWERS = 50_000
const STEP_MS = 1_000
/** Far from the totals of the suite's provider, as these answers are not in the ledger. */
const FIRST_TOTAL = 1_000_000_000

/** Writes the segment to the spool of a data folder. Returns how many answers it contains, and their account. */
export function layDown(folder: string): { account: string; answers: number } {
  const key = randomUUIDv7()
  const startedAt = Date.now() - (ANSWERS / CATEGORIES) * STEP_MS
  const records: SpoolRecord[] = [
    {
      kind: 'run',
      key,
      account: ACCOUNT,
      trigger: 'schedule',
      scheduledAt: null,
      startedAt,
      categories: CATEGORIES,
    },
    ...[...Array(ANSWERS).keys()].map((n): SpoolRecord => {
      const counters = COUNTERS.map(() => FIRST_TOTAL + n)
      const at = startedAt + Math.floor(n / CATEGORIES) * STEP_MS
      const reading = { counters, timespent: '1.5', extra: null }
      return { kind: 'answer', account: ACCOUNT, category: `r${n % CATEGORIES}`, at, ...reading }
    }),
    { kind: 'finished', at: Date.now(), status: 'ok', failed: 0 },
  ]
  const spool = join(folder, 'spool')
  mkdirSync(spool, { recursive: true, mode: 0o700 })
  writeFileSync(join(spool, `${key}.ndjson`), records.map(toLine).join(''), { mode: 0o600 })
  return { account: ACCOUNT, answers: ANSWERS }
}
