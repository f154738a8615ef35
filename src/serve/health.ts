// Whether the process can do its work: readiness checks for supervisors of containers.
import { sql } from 'kysely'
import { reasonOf } from '../errors.ts'
import { listWaiting } from '../read/waiting.ts'
import type { Spool } from '../spool/spool.ts'
import { unlessStopped } from '../stopping.ts'
import { leaseHolder } from '../warehouse/lease.ts'
import type { Warehouse } from '../warehouse/pool.ts'

export interface Readiness {
  readonly ready: boolean
  readonly checks: Readonly<Record<string, { ok: boolean; message: string }>>
}

export interface HealthDeps {
  readonly warehouse: Warehouse
  readonly spool: Spool
  /** How this process is named in a lease. */
  readonly holder: string
  /** Whether schema and time zone are ready: false until the database was first reached. */
  isPrepared(): boolean
  /** Whether the last attempt to store answers left some of them in the spool. */
  isWaiting(): boolean
  /** Why they were left there; null: nothing was, or the reason is not known. */
  problem?(): string | null
}

/** How long each check may take. */
const PATIENCE_MS = 3_000

/** Checks what this process needs: the database with its schema, the lease, and a spool with room. Never rejects. */
export async function readiness(deps: HealthDeps): Promise<Readiness> {
  const { warehouse, spool, holder } = deps
  const [database, schema, lease, waiting] = await Promise.all([
    check(async () => {
      await sql`select 1`.execute(warehouse.db)
      return 'reachable'
    }),
    check(async () => {
      if (!deps.isPrepared()) throw new Error(`not prepared yet${because(deps.problem?.() ?? null)}`)
      return 'current'
    }),
    check(async () => {
      const other = await leaseHolder(warehouse.db)
      if (other === null) return 'free, as no tick is under way'
      return other === holder ? 'held by this process' : `held by ${other}; this process stands by`
    }),
    check(async () => {
      const lack = await spool.lackOfRoom(0)
      if (lack) throw lack
      const segments = await listWaiting(spool, warehouse.db)
      const held = `holds the answers of ${segments.length} ${segments.length === 1 ? 'run' : 'runs'}`
      if (deps.isWaiting())
        throw new Error(`${held} that are not stored yet${because(deps.problem?.() ?? null)}`)
      return segments.length === 0 ? 'empty' : held
    }),
  ])
  const checks = { database, schema, lease, spool: waiting }
  return { ready: Object.values(checks).every(({ ok }) => ok), checks }
}

const because = (problem: string | null) => (problem === null ? '' : `: ${problem}`)

async function check(find: () => Promise<string>): Promise<{ ok: boolean; message: string }> {
  const limit = AbortSignal.timeout(PATIENCE_MS)
  try {
    return { ok: true, message: await unlessStopped(find(), limit) }
  } catch (error) {
    const reason = limit.aborted ? `no answer within ${PATIENCE_MS / 1000} s` : reasonOf(error)
    return { ok: false, message: `cannot be used: ${reason}` }
  }
}
