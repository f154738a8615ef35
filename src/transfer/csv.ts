// The CSV of import and export (RFC 4180): a column per counter, and the unknown fields as JSON in `extra`. Pure.

import { isRecord, parseExact } from '../counters/exact-json.ts'
import { COUNTERS, type Reading, type Snapshot } from '../counters/names.ts'
import { CATEGORY_STATS, type Stats } from '../counters/stats.ts'
import { UsageError } from '../errors.ts'
import { type Entry, excerpt, type LineProblem, type ReadOptions, readKey } from './entry.ts'
import { fromSafeCell, safeCell } from './formula-guard.ts'
import type { Line } from './lines.ts'

export const CSV_COLUMNS = ['account', 'category', 'observed_at', ...COUNTERS, 'timespent', 'extra'] as const

/** A longer record is treated as a quote that is not closed. */
const MAX_RECORD_CHARS = 1024 * 1024

/** Reads a CSV file block by block, from its first line on. A record may span two blocks. */
export interface CsvReader {
  /** Throws a UsageError if the first line does not name the columns. */
  read(lines: readonly Line[]): (Entry | LineProblem)[]
  /** Returns the problem of a record that is not complete at the end of the file. */
  end(): LineProblem[]
}

interface Table {
  readonly delimiter: string
  readonly columns: readonly string[]
}

export function createCsvReader(options: ReadOptions): CsvReader {
  let table: Table | null = null
  let open: Line | null = null // a record with a quote that is not closed yet

  function* read(lines: readonly Line[]): Generator<Entry | LineProblem> {
    for (const line of lines) {
      const record: Line = open === null ? line : joined(open, line)
      const isOpen: boolean = hasOddQuotes(line.text) === (open === null)
      open = null
      if (record.problem !== null) yield { line: record.number, reason: record.problem }
      else if (isOpen && record.text.length > MAX_RECORD_CHARS) yield unclosed(record)
      else if (isOpen) open = record
      else if (record.text.trim() === '' || (table === null && SEPARATOR_LINE.test(record.text.trim())))
        continue
      else if (table === null) table = readHeader(withoutReturn(record.text), options.file)
      else {
        const cells = splitRecord(withoutReturn(record.text), table.delimiter)
        yield readRecord(record.number, cells, table, options)
      }
    }
  }

  return {
    read: (lines) => [...read(lines)],
    end: () => (open === null ? [] : [unclosed(open)]),
  }
}

function joined(open: Line, line: Line): Line {
  return { number: open.number, text: `${open.text}\n${line.text}`, problem: line.problem }
}

const unclosed = ({ number }: Line): LineProblem => ({ line: number, reason: 'a quote is not closed' })

const withoutReturn = (text: string) => (text.endsWith('\r') ? text.slice(0, -1) : text)

function hasOddQuotes(text: string): boolean {
  let quotes = 0
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) quotes += 1
  return quotes % 2 === 1
}

/** Excel writes and reads the delimiter as a line of its own before the header. */
const SEPARATOR_LINE = /^sep=.$/i

/** A name by its letters: spreadsheets and people write "Observed At" for observed_at. */
const lettersOf = (name: string) => name.toLowerCase().replace(/[^a-z]/g, '')
const COLUMN_BY_LETTERS: ReadonlyMap<string, string> = new Map(
  CSV_COLUMNS.map((name) => [lettersOf(name), name]),
)

/** Finds the delimiter, too: spreadsheets of some countries write semicolons or tabs. */
function readHeader(text: string, file: string): Table {
  const delimiter = [',', ';', '\t'].find((candidate) => text.includes(candidate)) ?? ','
  const columns = (splitRecord(text, delimiter) ?? []).map(
    (name) => COLUMN_BY_LETTERS.get(lettersOf(name)) ?? name.trim(),
  )
  const unknown = columns.filter((name) => !(CSV_COLUMNS as readonly string[]).includes(name))
  const missing = ['category', 'observed_at'].filter((name) => !columns.includes(name))
  const hint = `The first line must name the columns, in any order: ${CSV_COLUMNS.join(',')}. Write other fields as JSON in extra.`
  if (missing.length > 0) throw new UsageError(`${file} has no column ${missing.join(', ')}.`, { hint })
  if (unknown.length > 0) {
    throw new UsageError(`${file} has an unknown column: ${excerpt(unknown.join(', '))}.`, { hint })
  }
  if (new Set(columns).size < columns.length) throw new UsageError(`${file} names a column twice.`, { hint })
  return { delimiter, columns }
}

/** Returns the cells of a record; null if there is a quote where none is allowed. */
export function splitRecord(text: string, delimiter: string): string[] | null {
  if (!text.includes('"')) return text.split(delimiter)
  const cells: string[] = []
  for (let at = 0; ; at += 1) {
    const isQuoted = text[at] === '"'
    const end = isQuoted ? endOfQuoted(text, at) : endOfCell(text, at, delimiter)
    const cell = text.slice(at, end)
    if (isQuoted) cells.push(cell.slice(1, -1).replaceAll('""', '"'))
    else if (cell.includes('"')) return null
    else cells.push(cell)
    if (end === text.length) return cells
    if (text[end] !== delimiter) return null
    at = end
  }
}

function endOfCell(text: string, start: number, delimiter: string): number {
  const end = text.indexOf(delimiter, start)
  return end === -1 ? text.length : end
}

/** Returns the index after the quote that closes the one at `start`. Quotes are balanced, so there is one. */
function endOfQuoted(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (text[end + 1] === '"') end = text.indexOf('"', end + 2)
  return end + 1
}

function readRecord(
  line: number,
  cells: string[] | null,
  { columns, delimiter }: Table,
  options: ReadOptions,
): Entry | LineProblem {
  if (cells === null) return { line, reason: 'there is a quote in the middle of a cell' }
  if (cells.length !== columns.length) {
    return { line, reason: `has ${cells.length} cells, and the first line has ${columns.length}` }
  }
  const row: Record<string, string | undefined> = {}
  for (const [i, cell] of cells.entries()) if (cell !== '') row[columns[i]!] = cell
  // Spreadsheets that write semicolons write decimal commas, too.
  if (delimiter === ';') row.timespent = row.timespent?.replace(/^(\d+),(\d+)$/, '$1.$2')
  const { account, category, observed_at: observedAt } = row
  const names = { account: account && fromSafeCell(account), category: category && fromSafeCell(category) }
  const key = readKey(line, { ...names, observedAt }, options)
  if ('reason' in key) return key
  const stats = readRow(row)
  return 'reason' in stats ? { line, reason: stats.reason } : { ...key, reading: stats.reading }
}

function readRow(row: Record<string, string | undefined>): Stats {
  if (row.extra === undefined) {
    const reading = plainRow(row)
    if (reading !== null) return { reading }
  }
  const extra = row.extra === undefined ? {} : parseExact(row.extra)
  if (!isRecord(extra)) return { reason: 'extra is not a JSON object' }
  const stats: Record<string, unknown> = {}
  for (const name of [...COUNTERS, 'timespent']) {
    if (Object.hasOwn(extra, name)) return { reason: `extra contains ${name}, which has a column of its own` }
    if (row[name] !== undefined) stats[name] = cellValue(row[name])
  }
  // Not assigned, because an unknown field may be called __proto__.
  for (const [name, value] of Object.entries(extra)) {
    Object.defineProperty(stats, name, { value, enumerable: true })
  }
  return CATEGORY_STATS.statsOf(stats)
}

/** A short cut for whole numbers, the usual case. Returns null if there is anything else. */
function plainRow(row: Record<string, string | undefined>): Reading | null {
  const counters: (number | null)[] = []
  let known = false
  for (const name of COUNTERS) {
    const cell = row[name]
    if (cell !== undefined && !/^\d{1,15}$/.test(cell)) return null
    counters.push(cell === undefined ? null : Number(cell))
    known ||= cell !== undefined
  }
  const timespent = row.timespent ?? null
  if (!known || (timespent !== null && !/^(0|[1-9]\d{0,14})$/.test(timespent))) return null
  return { counters, timespent, extra: null }
}

/** Returns a number as parseExact does, or else the text, which CATEGORY_STATS accepts or refuses. */
function cellValue(cell: string): unknown {
  return /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(cell) ? JSON.rawJSON(cell) : cell
}

/** The first line of an exported file, without its line feed. */
export const csvHeader = CSV_COLUMNS.join(',')

/** Writes a snapshot as a record, without its line feed. */
export function snapshotRecord(account: string, category: string, snapshot: Snapshot): string {
  const { at, counters, timespent, extra } = snapshot
  return [
    quoted(safeCell(account)),
    quoted(safeCell(category)),
    new Date(at).toISOString(),
    ...counters.map((value) => value ?? ''),
    timespent ?? '',
    extra === null ? '' : quoted(extra),
  ].join(',')
}

const quoted = (cell: string) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)
