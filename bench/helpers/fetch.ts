// Fetching a whole result: every byte of it arrives here, and none is parsed, so that the database is measured.
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { to as copyTo } from 'pg-copy-streams'
import type { Warehouse } from '../../src/warehouse/pool.ts'
import { timed } from './measure.ts'

/** Milliseconds until the last byte; `rows` is how many there must be. Any other number would be another question. */
export async function fetchAll({ pool }: Warehouse, query: string, rows: number): Promise<number> {
  const connection = await pool.connect()
  try {
    const stream = connection.query(copyTo(`copy (${query}) to stdout`))
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
    const elapsedMs = await timed(() => pipeline(stream, nowhere))
    if (stream.rowCount !== rows) throw new Error(`${stream.rowCount} rows instead of ${rows}`)
    return elapsedMs
  } finally {
    connection.release()
  }
}
