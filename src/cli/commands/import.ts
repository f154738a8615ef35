// primosync import: history from files, or from standard input.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Option } from 'commander'
import type { Config } from '../../config/load.ts'
import { reasonOf, UsageError } from '../../errors.ts'
import { PROGRAM } from '../../own-command.ts'
import { visible } from '../../terminal-text.ts'
import type { LineProblem } from '../../transfer/entry.ts'
import { type Format, formatOf, readEntries } from '../../transfer/read-file.ts'
import { type Imported, importEntries } from '../../warehouse/import/import.ts'
import type { Warehouse } from '../../warehouse/pool.ts'
import type { Action, Context } from '../command.ts'
import type { Output } from '../output.ts'
import { type Progress, startProgress } from '../progress.ts'
import { withConfiguredWarehouse } from '../warehouse.ts'

interface Options {
  account: string
  format?: Format
  dryRun?: boolean
}

interface Source {
  /** For messages. */
  readonly name: string
  readonly format: Format | null
  /** Null where that is not known. */
  readonly bytes: number | null
  open(): AsyncIterable<Buffer>
}

interface Report extends Imported {
  readonly file: string
  /** The first of the lines that were refused, in their order. */
  readonly problems: readonly LineProblem[]
}

const SHOWN_PROBLEMS = 20
const KEPT_PROBLEMS = 1_000
/** Larger blocks live longer, and keep the garbage collector busy. */
const READ_BYTES = 64 * 1024

const NOTES = `
A line of NDJSON: {"account","category","observed_at","stats":{"sent":925,…}}, or "decision" instead of
"stats", as export writes it. CSV has the same as columns: account,category,observed_at,sent,…,timespent,extra.
Files may be packed with gzip, and be UTF-8 or UTF-16.
All valid lines of a file are imported in one transaction, in any order; what is stored already stays as it is.
Lines that cannot be imported are listed, and the command ends with 3. A new category is paused until the
settings list it or you resume it.`

export const importCommand: Action<Options> = {
  examples: [
    'primosync import history.ndjson',
    'primosync import --dry-run --account marketing totals.csv -',
  ],
  configure: (command) =>
    command
      .argument('<files...>', 'files to import, each in one transaction; -: standard input')
      .option('--account <name>', 'the account of lines that name none', 'default')
      .addOption(
        new Option('--format <format>', 'default: by the end of the name, else by the first line').choices([
          'ndjson',
          'csv',
        ]),
      )
      .option('--dry-run', 'report what would happen, and change nothing')
      .addHelpText('after', NOTES),

  async run(context) {
    const { config, options, args, output, log } = context
    const sources = await Promise.all((args[0] as string[]).map((file) => sourceOf(file, options.format)))
    const reports = await withConfiguredWarehouse(
      config,
      log,
      async (warehouse) => {
        const done: Report[] = []
        for (const source of sources) {
          const report = await importSource(warehouse, source, context)
          if (!options.json) show(report, options, output)
          done.push(report)
        }
        return done
      },
      'named',
    )
    if (options.json) output.json({ dry_run: options.dryRun === true, files: reports.map(reportObject) })
    else if (config.demo && config.databaseUrl === null && !options.dryRun)
      output.print(
        'No API key is set, so this was imported into the demo warehouse. With a key another one is used.',
      )
    return reports.some(({ refused }) => refused > 0) ? 3 : undefined
  },
}

/** A file's report as `--json` prints it. */
function reportObject({ alreadyThere, newCategories, problems, ...rest }: Report) {
  return { ...rest, already_there: alreadyThere, new_categories: newCategories, problems }
}

async function sourceOf(file: string, forced: Format | undefined): Promise<Source> {
  if (file === '-')
    return { name: 'standard input', format: forced ?? null, bytes: null, open: () => process.stdin }
  try {
    const { size, isDirectory } = await stat(file).then((stats) => ({
      size: stats.size,
      isDirectory: stats.isDirectory(),
    }))
    if (isDirectory) throw new Error('it is a folder')
    const open = () => createReadStream(file, { highWaterMark: READ_BYTES })
    return { name: file, format: forced ?? formatOf(file), bytes: size, open }
  } catch (error) {
    throw new UsageError(`${file} cannot be imported: ${reasonOf(error)}.`, { cause: error })
  }
}

async function importSource(
  warehouse: Warehouse,
  source: Source,
  { config, options }: Context<Options>,
): Promise<Report> {
  const problems: LineProblem[] = []
  const progress = importProgress(source)
  const read = { account: options.account, now: Date.now, file: source.name }
  try {
    const entries = readEntries(progress.reading(source.open()), source.format, read)
    const imported = await importEntries(warehouse, entries, {
      dryRun: options.dryRun === true,
      timezone: config.reportingTimezone,
      isListed: listedIn(config),
      onProblem: (problem) => void (problems.length < KEPT_PROBLEMS && problems.push(problem)),
      onStored: progress.storing,
    })
    return { file: source.name, ...imported, problems: problems.toSorted((a, b) => a.line - b.line) }
  } finally {
    progress.stop()
  }
}

function listedIn({ accounts }: Config): (account: string, category: string) => boolean {
  const listed = new Map(accounts.map(({ name, categories }) => [name, new Set(categories)]))
  return (account, category) => listed.get(account)?.has(category) === true
}

/** One bar for the bytes that are read, then one for the snapshots that are stored. */
function importProgress({ name, bytes }: Source) {
  let bar: Progress | undefined
  let isStoring = false
  return {
    async *reading(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      if (bytes !== null) bar = startProgress(`reading ${name}`, bytes)
      for await (const chunk of chunks) {
        yield chunk
        bar?.advance(chunk.length)
      }
    },
    storing(snapshots: number, of: number): void {
      if (!isStoring) {
        bar?.stop()
        bar = startProgress(`storing ${name}`, of)
        isStoring = true
      }
      bar?.advance(snapshots)
    },
    stop: () => bar?.stop(),
  }
}

function show({ file, problems, ...imported }: Report, { dryRun }: Options, output: Output): void {
  const { stored, late, alreadyThere, decisions, refused, newCategories } = imported
  const shown = problems.slice(0, SHOWN_PROBLEMS)
  for (const { line, reason } of shown) process.stderr.write(`${visible(`${file}:${line}: ${reason}`)}\n`)
  if (refused > shown.length) {
    const more = refused - shown.length
    process.stderr.write(`… and ${more} more; --json lists the first ${KEPT_PROBLEMS}\n`)
  }
  const parts = [
    late > 0 ? `${stored} new (${late} of them late)` : `${stored} new`,
    `${alreadyThere} already there`,
    ...(decisions > 0 ? [`${decisions} new decisions`] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
  ]
  output.print(`${visible(file)}: ${dryRun ? 'would be ' : ''}${parts.join(', ')}`)
  const paused = newCategories.filter(({ state }) => state === 'paused')
  if (paused.length > 0) {
    output.print(
      `${paused.length} new ${paused.length === 1 ? 'category is' : 'categories are'} paused; to poll one: ${PROGRAM} category resume NAME`,
    )
  }
}
