// primosync export: all snapshots and decisions as a file that import takes.
import { open, rename, rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { Option } from 'commander'
import { PrimosyncError, reasonOf } from '../../errors.ts'
import { beginReading, type HistoryPart, readHistory, readPeriod } from '../../read/export.ts'
import { safeLines } from '../../terminal-text.ts'
import { csvHeader, snapshotRecord } from '../../transfer/csv.ts'
import { decisionLine, snapshotLine } from '../../transfer/ndjson.ts'
import { type Format, formatOf, isPacked } from '../../transfer/read-file.ts'
import type { Transaction } from '../../warehouse/pool.ts'
import { edgesOf, lastArgument, timeArgument } from '../asked-range.ts'
import { chosenCategories } from '../chosen-categories.ts'
import type { Action } from '../command.ts'
import { withConfiguredWarehouse } from '../warehouse.ts'

interface Options {
  account?: string
  category?: string[]
  from?: string
  to?: string
  last?: string
  format?: Format
  output: string
}

const NOTES = `
NDJSON holds everything: imported into an empty warehouse, it gives the same deltas and trends. CSV does not hold
the decisions of reclassify. In CSV, a name that a spreadsheet would run as a formula begins with an apostrophe,
which import removes.`

export const exportCommand: Action<Options> = {
  examples: [
    'primosync export --output history.ndjson',
    'primosync export --category codeConfirmation --from 2026-01-01 --format csv > history.csv',
  ],
  configure: (command) =>
    command
      .option('--account <name>', 'only this account')
      .option('--category <names...>', 'only these categories, verbatim')
      .option('--last <time>', 'the time up to now, such as 30d, 4 weeks or 24 hours', lastArgument)
      .option('--from <time>', 'first day (2026-03-01, yesterday), month (2026-03) or instant', timeArgument)
      .option('--to <time>', 'last day or month, included, or an instant, excluded', timeArgument)
      .addOption(
        new Option('--format <format>', 'default: by the end of the file name, else ndjson').choices([
          'ndjson',
          'csv',
        ]),
      )
      .option(
        '--output <file>',
        'the file to write, as gzip if its name ends in .gz; -: standard output',
        '-',
      )
      .addHelpText('after', NOTES),

  async run({ config, options, output, log }) {
    const format = options.format ?? formatOf(options.output) ?? 'ndjson'
    const written = { snapshots: 0, decisions: 0, leftOut: 0 }
    await withConfiguredWarehouse(config, log, (warehouse) =>
      warehouse.transaction(async (tx) => {
        await beginReading(tx)
        const parts = await selectHistory(tx, options, config.reportingTimezone)
        await writeTo(options.output, linesOf(parts, format, written))
      }),
    )
    const { leftOut, snapshots, decisions } = written
    if (leftOut > 0)
      log.warn({ decisions: leftOut }, 'The decisions are left out, as only NDJSON has a place for them.')
    if (options.output === '-') return
    if (options.json) output.json({ file: options.output, format, snapshots, decisions })
    else output.print(`${options.output}: snapshots ${snapshots}, decisions ${decisions}`)
  },
}

async function selectHistory({ db }: Transaction, options: Options, timezone: string) {
  const categories = await chosenCategories(db, options.account, options.category)
  const { from, to } = edgesOf(options, timezone, new Date())
  return readHistory(db, categories, await readPeriod(db, from, to))
}

async function* linesOf(
  parts: AsyncIterable<HistoryPart>,
  format: Format,
  written: { snapshots: number; decisions: number; leftOut: number },
): AsyncGenerator<string> {
  if (format === 'csv') yield `${csvHeader}\n`
  const lineOf = format === 'csv' ? snapshotRecord : snapshotLine
  for await (const { account, category, snapshots, decisions } of parts) {
    written.snapshots += snapshots.length
    written[format === 'csv' ? 'leftOut' : 'decisions'] += decisions.length
    let text = ''
    for (const snapshot of snapshots) text += `${lineOf(account, category, snapshot)}\n`
    if (format === 'ndjson') {
      for (const { at, decision } of decisions) text += `${decisionLine(account, category, at, decision)}\n`
    }
    if (text !== '') yield text
  }
}

/** Writes to a temporary name, and renames the file once it is complete. */
async function writeTo(file: string, texts: AsyncGenerator<string>): Promise<void> {
  if (file === '-') return await pipeline(forTerminal(texts), process.stdout, { end: false })
  const part = `${file}.part`
  const cannotWrite = (error: unknown): never => {
    throw new PrimosyncError(`${file} cannot be written: ${reasonOf(error)}.`, {
      hint: 'Name a file in an existing folder that this user may write to.',
      cause: error,
    })
  }
  const whole = await open(part, 'w', 0o600).catch(cannotWrite)
  try {
    if (isPacked(file)) await pipeline(texts, createGzip(), whole.createWriteStream())
    else await pipeline(texts, whole.createWriteStream())
    await rename(part, file).catch(cannotWrite)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}

async function* forTerminal(texts: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const text of texts) yield process.stdout.isTTY ? safeLines(text) : text
}
