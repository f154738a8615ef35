// A run of the suite: faults one after the other for a while, then the repair of everything, then the balance.
import { setTimeout as delay } from 'node:timers/promises'
import type { Answered } from './api.ts'
import { type Books, balance } from './ledger.ts'
import type { Fault } from './lists/fault.ts'
import { lastLines, openWorld, type World } from './world.ts'

export interface SuiteOptions {
  readonly seed: number
  /** After this time no further fault begins. Each of `faults` is injected at least once. */
  readonly minutes: number
  readonly faults: readonly Fault[]
  readonly verbose?: boolean
  readonly isSmall?: boolean
}

export interface Outcome extends Books {
  /** How many injected faults changed something. */
  readonly faultsHit: number
  /** How many single answers were bad. */
  readonly badAnswers: number
  /** The faults that changed nothing, and why. */
  readonly misses: World['misses']
  readonly problems: readonly string[]
  /** What could not be injected on this machine, and why. */
  readonly skipped: readonly string[]
  readonly slowestRecoveryMs: number
  /** The most lines that a program wrote to its log in a minute. */
  readonly mostLinesAMinute: number
}

const MINUTE_MS = 60_000
/** In a run of this length, every fault must change something at least once. */
const LONG_RUN_MINUTES = 5
/** There is a tick every second here, so more is a flood of more than a few lines per tick. */
const LINES_A_MINUTE_LIMIT = 400

export async function runSuite(options: SuiteOptions): Promise<Outcome> {
  const { seed, minutes, faults, verbose = false, isSmall = false } = options
  const world = await openWorld({ seed, verbose, isSmall })
  try {
    const hits = new Map<string, number>()
    const possible = faults.filter((fault) => (fault.cannot?.(world) ?? null) === null)
    await world.recover('the start')
    const startedAt = Date.now()
    const endAt = startedAt + minutes * MINUTE_MS
    for (let round = 0; round === 0 || Date.now() < endAt; round++) {
      const isNew = ({ name }: Fault) => !hits.has(name)
      const dealt = world.dice
        .shuffled(possible.filter((fault) => !fault.isSlow || isNew(fault)))
        .sort((a, b) => Number(isNew(b)) - Number(isNew(a)))
      for (const fault of dealt) {
        if (round > 0 && Date.now() >= endAt) break
        if (await injectOne(world, fault)) hits.set(fault.name, (hits.get(fault.name) ?? 0) + 1)
      }
    }
    if (Date.now() - startedAt > LONG_RUN_MINUTES * MINUTE_MS)
      for (const { name } of possible) if (!hits.has(name)) world.problems.push(`${name}: it was never hit`)
    await world.settle()
    const verify = world.run(['verify'])
    if ((await verify.exit).code !== 0) world.problems.push(`verify: ${lastLines(verify)}`)
    const linesAMinute = mostLinesAMinute(world)
    if (linesAMinute > LINES_A_MINUTE_LIMIT)
      world.problems.push(`a program has written ${linesAMinute} lines to its log in a minute`)
    const tally = { injected: new Map([...hits, ...world.api.gone]), missed: countsOf(world.misses) }
    const books = balance(world.api.answered, world.programs, tally, await countsIn(world))
    await checkRuns(world)
    for (const answer of books.wrong)
      world.problems.push(
        `answer ${answer.total} of ${answer.program} is ${answer.times === 0 ? 'lost' : 'doubled'} (${answer.during})`,
      )
    return {
      ...books,
      faultsHit: sumOf(hits),
      badAnswers: sumOf(world.api.gone),
      misses: world.misses,
      problems: world.problems,
      skipped: faults.flatMap((fault) => {
        const why = fault.cannot?.(world) ?? null
        return why === null ? [] : [`${fault.name}: ${why}`]
      }),
      slowestRecoveryMs: world.slowestRecoveryMs,
      mostLinesAMinute: linesAMinute,
    }
  } finally {
    await world.close()
  }
}

/** Returns whether the fault changed something. */
async function injectOne(world: World, fault: Fault): Promise<boolean> {
  const missesBefore = world.misses.length
  await world.daemon()
  await delay(world.dice.between(0, 1_000))
  world.say(fault.name)
  world.api.during = fault.name
  try {
    await fault.inject(world)
  } catch (error) {
    world.problems.push(`${fault.name}: ${error instanceof Error ? error.stack : error}`)
  }
  await world.wire.mend()
  await world.recover(fault.name)
  return world.misses.length === missesBefore
}

const sumOf = (counts: ReadonlyMap<string, number>) =>
  [...counts.values()].reduce((sum, times) => sum + times, 0)

function countsOf(misses: World['misses']): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { fault } of misses) counts.set(fault, (counts.get(fault) ?? 0) + 1)
  return counts
}

/** Returns how often an answer is in the warehouse: as a snapshot, or rejected with a reason. */
export async function countsIn({ cluster, elsewhere }: World): Promise<(answer: Answered) => number> {
  const counts = new Map<number, number>()
  const rows = await cluster.admin<{ total: string | null }>(
    `select sent::text as total from sms.snapshots where source = 'api'
    union all
    select coalesce(s.extra->>'marker', s.sent::text) -- what breaks a category's rules may be valid for an account
    from store.snapshot s join store.category c on c.id = s.category_id where c.name = '' -- of the account itself
    union all
    select coalesce(substring(body from '"marker": ?(\\d+)'), substring(body from '"sent": ?"?(\\d+)')) from sync.rejected`,
  )
  for (const total of [...rows.map((row) => Number(row.total)), ...elsewhere])
    counts.set(total, (counts.get(total) ?? 0) + 1)
  return ({ total }) => counts.get(total) ?? 0
}

async function checkRuns({ cluster, problems }: World): Promise<void> {
  const [row] = await cluster.admin<{ running: number; stored: number; snapshots: number }>(
    `select (select count(*)::int from sync.runs where status = 'running') as running,
      (select sum(stored)::int from sync.runs) as stored, (select count(*)::int from sms.snapshots) as snapshots`,
  )
  if (row!.running > 0) problems.push(`${row!.running} runs are left running`)
  if (row!.stored !== row!.snapshots)
    problems.push(`the runs count ${row!.stored} stored snapshots, and there are ${row!.snapshots}`)
}

function mostLinesAMinute({ programs }: World): number {
  const counts = new Map<string, number>()
  for (const program of programs.values())
    for (const [, time] of program.output().matchAll(/"time":"?(\d+|[^",]+)/g)) {
      const at = Number.isNaN(Number(time)) ? Date.parse(time!) : Number(time)
      const minute = `${program.id} ${Math.floor(at / MINUTE_MS)}`
      counts.set(minute, (counts.get(minute) ?? 0) + 1)
    }
  return Math.max(0, ...counts.values())
}
