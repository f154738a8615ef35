// Fills the output of each query in docs/cookbook.md in, from the demo's data: `npm run docs`.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type pg from 'pg'
import pc from 'picocolors'
import { formatTable } from '../src/cli/table.ts'
import { openEmbedded } from '../src/embedded/embedded.ts'
import { loadDemoHistory } from '../src/sync/demo.ts'
import { setExpectedEvery, settleTimezone } from '../src/warehouse/calendar.ts'
import { migrate } from '../src/warehouse/migrate.ts'
import { openWarehouse } from '../src/warehouse/pool.ts'

const FILE = fileURLToPath(new URL('../docs/cookbook.md', import.meta.url))
const SQL_BLOCK = /```sql\n([\s\S]*?)```\n(?:\n```text\n[\s\S]*?```\n)?/g

const folder = await mkdtemp(join(tmpdir(), 'primosync-cookbook-'))
const server = await openEmbedded({ dataDir: folder, exclusive: true })
const warehouse = openWarehouse(server.ownerUrl)
try {
  await migrate(warehouse.db)
  await settleTimezone(warehouse, 'Europe/Paris')
  await setExpectedEvery(warehouse.db, 300_000)
  await loadDemoHistory(warehouse, () => {})
  const text = await readFile(FILE, 'utf8')
  const outputs: string[] = []
  for (const [, query] of text.matchAll(SQL_BLOCK)) outputs.push(await show(warehouse.pool, query!))
  await writeFile(
    FILE,
    text.replaceAll(
      SQL_BLOCK,
      (_, query) => `\`\`\`sql\n${query}\`\`\`\n\n\`\`\`text\n${outputs.shift()}\n\`\`\`\n`,
    ),
  )
} finally {
  await warehouse.close()
  await server.stop()
  await rm(folder, { recursive: true, force: true })
}

async function show(pool: pg.Pool, query: string): Promise<string> {
  // As psql prints them: every value as PostgreSQL's own text.
  const { rows, fields } = await pool.query({
    text: query,
    rowMode: 'array',
    types: { getTypeParser: () => String },
  })
  return formatTable(
    rows as string[][],
    fields.map(({ name }, i) => ({ header: name, value: (row: string[]) => row[i] })),
    pc.createColors(false),
  )
}
