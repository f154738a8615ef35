// A writer that stores one batch while the next is being derived: an import keeps program and database busy
// at the same time, on one connection and in one transaction.
import type pg from 'pg'
import { type Db, kyselyOn } from '../pool.ts'
import { CopySink } from '../series/copy-sink.ts'
import type { Origin } from '../series/row-sink.ts'
import { Writer } from '../series/writer.ts'

export interface WriteBehind {
  /** `flush` waits for the batch before, and lets the new one be written meanwhile. */
  readonly writer: Writer
  /** Kysely on the same connection; its statements wait for the batch that is being written. */
  readonly db: Db
  /** Writes all that is left. */
  finish(): Promise<void>
}

export function writeBehind(connection: pg.ClientBase, origin: Origin): WriteBehind {
  let turn: Promise<unknown> = Promise.resolve()
  /** A connection takes one statement at a time; after a failed one the transaction takes no more. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work)
    turn = result
    result.catch(() => {}) // the caller that waits for the batch, or for the next turn, gets the error
    return result
  }
  let batch: Promise<void> = Promise.resolve()

  class WriterBehind extends Writer {
    override async flush(): Promise<void> {
      await batch
      batch = inTurn(() => super.flush())
    }
  }
  const writer = new WriterBehind(kyselyOn(connection), new CopySink(connection, origin))
  const query = (...statement: [pg.QueryConfig]) => inTurn(() => connection.query(...statement))
  return {
    writer,
    db: kyselyOn(Object.create(connection, { query: { value: query } })),
    finish: async () => {
      await writer.flush()
      await batch
    },
  }
}
