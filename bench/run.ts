// npm run bench: asks the questions, prints the ratios, and keeps them in RESULTS.md with what they were
// measured on.
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import pc from 'picocolors'
import { formatTable } from '../src/cli/table.ts'
import { bytesPerSnapshot } from './bytes.ts'
import { openServer, type Server } from './helpers/database.ts'
import { type Figure, goalText, isMet, type Question, ratioText, type Scale } from './helpers/question.ts'
import { type Answer, report } from './helpers/report.ts'
import { importHistory } from './import.ts'
import { importMemory } from './import-memory.ts'
import { quarterByDay } from './quarter-by-day.ts'
import { sickProvider } from './sick-provider.ts'
import { storedHistory } from './stored-history.ts'
import { wholeTick } from './tick.ts'
import { writeTick } from './write-tick.ts'
import { yearByDay } from './year-by-day.ts'

const QUESTIONS: readonly Question[] = [
  wholeTick,
  sickProvider,
  writeTick,
  storedHistory,
  yearByDay,
  quarterByDay,
  importHistory,
  bytesPerSnapshot,
  importMemory,
]
const RESULTS = new URL('RESULTS.md', import.meta.url)

const HELP = `npm run bench [-- [--full] [question…]]

Measures against rivals in the same run, on data made for it: what counts is the ratio.

Questions (default: all of them, which takes some minutes and 3 GB of disk)
${QUESTIONS.map(({ name, asks }) => `  ${name.padEnd(16)}${asks}`).join('\n')}

  --full    the sizes that the goals were set for; takes an hour and 30 GB of disk

BENCH_DATABASE_URL   a PostgreSQL to measure in, as a superuser; each question makes a database and drops it.
                     Default: an embedded one in a temporary folder.

The results of all questions together are kept in bench/RESULTS.md.`

async function main(): Promise<void> {
  const { values: options, positionals } = parseArgs({
    options: { full: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    allowPositionals: true,
  })
  if (options.help) return console.log(HELP)
  const unknown = positionals.filter((name) => !QUESTIONS.some((question) => question.name === name))
  if (unknown.length > 0) {
    console.error(`There is no question ${unknown.join(', ')}.\n\n${HELP}`)
    process.exitCode = 2
    return
  }
  const chosen = QUESTIONS.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
  const scale = { full: options.full }
  const server = await openServer()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void server.stop().finally(() => process.exit(1)))
  }
  try {
    const answers = await answerAll(server, chosen, scale)
    if (chosen.length === QUESTIONS.length) await writeFile(RESULTS, report(server, scale, answers))
  } finally {
    await server.stop()
  }
}

async function answerAll(server: Server, questions: readonly Question[], scale: Scale): Promise<Answer[]> {
  const answers: Answer[] = []
  for (const question of questions) {
    console.log(`\n${pc.bold(question.asks)}\n${pc.dim(question.sizeAt(scale))}`)
    const figures = await question.answer(server, scale, (line) => console.error(pc.dim(`  ${line}`)))
    console.log(table(figures))
    answers.push({ question, figures })
  }
  return answers
}

function table(figures: readonly Figure[]): string {
  return formatTable(
    figures,
    [
      { header: 'figure', value: ({ what }) => what },
      { header: 'ours', value: ({ ours }) => ours, align: 'right' },
      { header: 'rival', value: ({ rival }) => rival },
      { header: 'ratio', value: ratioText, align: 'right' },
      {
        header: 'goal',
        value: goalText,
        color: (text, figure) => (isMet(figure) ? pc.green(text) : pc.red(text)),
      },
    ],
    pc,
  )
}

await main()
