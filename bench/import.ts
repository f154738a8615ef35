// Importing history, deltas and trends included, against COPY of the same rows into one bare table.
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import { createBareTable } from './helpers/bare.ts'
import { runCli } from './helpers/child.ts'
import { type Server, withWarehouse } from './helpers/database.ts'
import { copyBlocks, ndjsonBlocks } from './helpers/lines.ts'
import { ms, race, timed } from './helpers/measure.ts'
import type { Question, Scale } from './helpers/question.ts'

const CATEGORIES = 1_000
const POLLS = 1_000
const roundsAt = ({ full }: Scale) => (full ? 3 : 1)

export const importHistory: Question = {
  name: 'import',
  asks: 'What does importing history cost, against COPY of the same rows?',
  sizeAt: (scale) => `${CATEGORIES} categories × ${POLLS} snapshots, median of ${roundsAt(scale)}`,

  async answer(server, scale, say) {
    const folder = await mkdtemp(join(tmpdir(), 'primosync-bench-import-'))
    try {
      say('writing the files')
      const ndjson = join(folder, 'history.ndjson')
      const copy = join(folder, 'history.copy')
      await pipeline(ndjsonBlocks(CATEGORIES, POLLS), createWriteStream(ndjson))
      await pipeline(copyBlocks(CATEGORIES, POLLS), createWriteStream(copy))
      say('importing')
      const { imported, copied } = await race(roundsAt(scale), {
        copied: () => copyInto(server, copy),
        imported: () => importInto(server, ndjson),
      })
      return [
        {
          what: 'primosync import of NDJSON, the whole command',
          ours: ms(imported),
          rival: `COPY ${ms(copied)}`,
          ratio: imported / copied,
          goal: { atMost: 6 },
        },
      ]
    } finally {
      await rm(folder, { recursive: true })
    }
  },
}

function importInto(server: Server, file: string): Promise<number> {
  return withWarehouse(server, async ({ url }) => {
    const { stdout, elapsedMs } = await runCli(['import', '--json', file], url)
    const { stored } = JSON.parse(stdout).files[0]
    if (stored !== CATEGORIES * POLLS) throw new Error(`${stored} snapshots were imported`)
    return elapsedMs
  })
}

function copyInto(server: Server, file: string): Promise<number> {
  return withWarehouse(server, async (warehouse) => {
    await createBareTable(warehouse)
    const connection = await warehouse.pool.connect()
    try {
      return await timed(() =>
        pipeline(createReadStream(file), connection.query(copyFrom('copy bare from stdin'))),
      )
    } finally {
      connection.release()
    }
  })
}
