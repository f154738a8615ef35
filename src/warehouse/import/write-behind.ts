// A writer that stores one batch while the next is being derived: an import keeps program and database busy
// at the same time, on one connection and in one transaction.
import type pg from 'pg'
import { Writer } from '../series/writer.ts'

export interface WriteBehind {
  /** `flush` waits for the batch before, and lets the new one be written meanwhile. */
  readonly writer: Writer
  /** The same connection; what is asked of it waits for the batch that is being written. */
  readonly connection: pg.ClientBase
  /** Writes all that is left. */
  finish(): Promise<void>
}

export function writeBehind(connection: pg.ClientBase): WriteBehind {
  let turn: Promise<unknown> = Promise.resolve()
  /** A connection takes one statement at a time; after a failed one the transaction takes no more. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work)
    turn = result
    result.catch(() => {}) // whoever waits for the batch, or for the next turn, hears of it
    return result
  }
  let batch: Promise<void> = Promise.resolve()

  class WriterBehind extends Writer {
    override async flush(): Promise<void> {
      await batch
      batch = inTurn(() => super.flush())
    }
  }
  const writer = new WriterBehind(connection)
  const query = (...statement: [pg.QueryConfig]) => inTurn(() => connection.query(...statement))
  return {
    writer,
    connection: Object.create(connection, { query: { value: query } }),
    finish: async () => {
      await writer.flush()
      await batch
    },
  }
}
