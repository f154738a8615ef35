// The encoding of the database: names and answers are any text of Unicode.
import { sql } from 'kysely'
import { PrimosyncError } from '../errors.ts'
import { PROGRAM } from '../own-command.ts'
import type { Db } from './pool.ts'

export const ENCODING_ADVICE = `Create a database for it that has: createdb --encoding UTF8 --template template0 NAME. What is stored already moves there with ${PROGRAM} export and import.`

export async function databaseEncoding(db: Db): Promise<string> {
  const { rows } = await sql<{ encoding: string }>`
    select current_setting('server_encoding') as encoding`.execute(db)
  return rows[0]!.encoding
}

export async function refuseOtherEncoding(db: Db): Promise<void> {
  const encoding = await databaseEncoding(db)
  if (encoding === 'UTF8') return
  throw new PrimosyncError(
    `The encoding of the database is ${encoding}, so it cannot store every name and answer. primosync needs UTF8.`,
    { hint: ENCODING_ADVICE },
  )
}
