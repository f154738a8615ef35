// Whether the process is well, and whether it can do its work: for whatever watches containers.
import { sql } from 'kysely'
import { reasonOf } from '../errors.ts'
import type { Spool } from '../spool/spool.ts'
import type { Warehouse } from '../warehouse/pool.ts'

export interface Readiness {
  readonly ready: boolean
  readonly checks: Readonly<Record<string, { ok: boolean; message: string }>>
}

export interface HealthDeps {
  readonly warehouse: Warehouse
  readonly spool: Spool
  /** Whether schema and zone are in order: false as long as the database was never reached. */
  isPrepared(): boolean
}

/** What this process needs: the database with its schema, and an empty spool. Never rejects. */
export async function readiness({ warehouse, spool, isPrepared }: HealthDeps): Promise<Readiness> {
  const database = await sql`select 1`.execute(warehouse.db).then(
    () => ({ ok: true, message: 'reachable' }),
    (error) => ({ ok: false, message: `cannot be used: ${reasonOf(error)}` }),
  )
  const segments = await spool.list()
  const checks = {
    database,
    schema: isPrepared() ? { ok: true, message: 'current' } : { ok: false, message: 'not checked yet' },
    spool: {
      ok: true,
      message: segments.length === 0 ? 'empty' : `${segments.length} runs wait to be stored`,
    },
  }
  return { ready: Object.values(checks).every(({ ok }) => ok), checks }
}
