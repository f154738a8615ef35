// The final balance: the answers that were sent and read, compared with the warehouse.
import type { Answered } from './api.ts'
import type { Program } from './programs.ts'

/**
 * A program that is interrupted (killed, stopped, paused) this soon after the last byte of an answer was sent may not
 * have read it completely and synced it to the disk. The same applies if it breaks the connection itself this soon.
 */
export const IN_FLIGHT_MS = 250

export interface Line {
  readonly fault: string
  /** How often it changed something. */
  injected: number
  /** How often it was injected and changed nothing. */
  missed: number
  /** Answers with status 200 that were sent to the last byte. */
  served: number
  stored: number
  /** Served, but perhaps not read: counted in `stored` if they are in the warehouse, but never in `lost`. */
  inFlight: number
  lost: number
  doubled: number
}

/** How often each fault was hit, and missed. */
export interface Tally {
  readonly injected: ReadonlyMap<string, number>
  readonly missed: ReadonlyMap<string, number>
}

export interface Books {
  readonly lines: readonly Line[]
  /** The answers that are lost or doubled. */
  readonly wrong: readonly (Answered & { times: number })[]
}

/**
 * Counts what happened to the answers. `times` returns how often an answer is in the warehouse. An answer that was in
 * the spool of a program when it was killed counts as read, however soon that was.
 */
export function balance(
  answered: readonly Answered[],
  programs: ReadonlyMap<string, Program>,
  { injected, missed }: Tally,
  times: (answer: Answered) => number,
): Books {
  const lines = new Map<string, Line>()
  const lineOf = (fault: string) => {
    const line = lines.get(fault) ?? {
      fault,
      injected: injected.get(fault) ?? 0,
      missed: missed.get(fault) ?? 0,
      served: 0,
      stored: 0,
      inFlight: 0,
      lost: 0,
      doubled: 0,
    }
    lines.set(fault, line)
    return line
  }
  for (const fault of [...injected.keys(), ...missed.keys()]) lineOf(fault)
  const wrong: (Answered & { times: number })[] = []
  for (const answer of answered) {
    const line = lineOf(answer.during)
    const count = times(answer)
    const uncertain = isInFlight(answer, programs.get(answer.program))
    line.served += 1
    if (count > 0) line.stored += 1
    if (uncertain) line.inFlight += 1
    if (count === 0 && !uncertain) line.lost += 1
    if (count > 1) line.doubled += 1
    if (count > 1 || (count === 0 && !uncertain)) wrong.push({ ...answer, times: count })
  }
  return { lines: [...lines.values()], wrong }
}

function isInFlight(answer: Answered, program: Program | undefined): boolean {
  if (program === undefined) return false
  if (program.inSpoolAtDeath.has(answer.total)) return false
  const { endedAt, droppedAt } = answer
  // A program that ends closes its connections. One that lives on breaks only those whose answer it gave up.
  const livedOn = program.endedAt === null || (droppedAt !== null && program.endedAt - droppedAt > 1000)
  if (livedOn && droppedAt !== null && droppedAt - endedAt < IN_FLIGHT_MS) return true
  return program.interruptions.some(
    ({ from, until }) => endedAt > from - IN_FLIGHT_MS && endedAt < until + IN_FLIGHT_MS,
  )
}

export function printTable(lines: readonly Line[]): string {
  const columns = ['injected', 'missed', 'served', 'stored', 'inFlight', 'lost', 'doubled'] as const
  const sumOf = (column: (typeof columns)[number]) => lines.reduce((sum, line) => sum + line[column], 0)
  return [
    ['fault', ...columns.map((column) => (column === 'inFlight' ? 'in flight' : column))],
    ['---', ...columns.map(() => '---:')],
    ...lines.map((line) => [line.fault, ...columns.map((column) => line[column])]),
    ['all', ...columns.map(sumOf)],
  ]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}
