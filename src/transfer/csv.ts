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

/**
 * Reads a CSV file block by block, from its first line on. A record may span lines and blocks. Where a record of several
 * lines is refused, its first line is named, and reading goes on at the line after that: a stray quote costs one line.
 */
export interface CsvReader {
  /** Throws a UsageError if the first line does not name the columns. */
  read(lines: readonly Line[]): (Entry | LineProblem)[]
  /** Returns what was not complete at the end of the file. */
  end(): (Entry | LineProblem)[]
}

interface Table {
  readonly delimiter: string
  /** Names of CSV_COLUMNS; empty for a column without a name, whose cells are left out. */
  readonly columns: readonly string[]
}

export function createCsvReader(options: ReadOptions): CsvReader {
  let table: Table | null = null
  let separator: string | null = null
  const waiting: Line[] = [] // the next line is the last one
  let open: Line[] = [] // the lines of a record with a quote that is not closed yet
  let openChars = 0

  /** Null if the line is no record, or not the end of one. */
  function take(line: Line): Entry | LineProblem | null {
    if (open.length === 0) {
      if (line.problem !== null) return { line: line.number, reason: line.problem }
      if (line.text.trim() === '') return null
      if (table === null) return takeHeader(withoutReturn(line.text))
      const cells = splitRecord(withoutReturn(line.text), table.delimiter)
      if (cells !== 'open') return readRecord(line.number, cells, table, options)
    } else if (line.problem !== null || openChars > MAX_RECORD_CHARS) {
      waiting.push(line)
      return giveUp(UNCLOSED)
    }
    open.push(line)
    openChars += line.text.length
    return open.length > 1 && closesQuote(line.text) ? takeOpen(table!) : null
  }

  function takeHeader(text: string): null {
    const [, named] = SEPARATOR_LINE.exec(text) ?? []
    if (named === undefined) table = readHeader(text, separator, options.file)
    else separator = named
    return null
  }

  function takeOpen(table: Table): Entry | LineProblem | null {
    const [first] = open
    const cells = splitRecord(withoutReturn(open.map(({ text }) => text).join('\n')), table.delimiter)
    if (cells === 'open') return null
    if (cells === null) return giveUp(MISPLACED)
    if (cells.length !== table.columns.length) return giveUp(UNCLOSED)
    open = []
    openChars = 0
    return readRecord(first!.number, cells, table, options)
  }

  /** Refuses the line that the open record begins with, and leaves the others to be read again. */
  function giveUp(reason: string): LineProblem {
    const [first, ...rest] = open
    for (const line of rest.toReversed()) waiting.push(line)
    open = []
    openChars = 0
    return { line: first!.number, reason }
  }

  function takeWaiting(): (Entry | LineProblem)[] {
    const taken: (Entry | LineProblem)[] = []
    for (let line = waiting.pop(); line !== undefined; line = waiting.pop()) {
      const entry = take(line)
      if (entry !== null) taken.push(entry)
    }
    return taken
  }

  return {
    read(lines) {
      for (const line of lines.toReversed()) waiting.push(line)
      return takeWaiting()
    },
    end() {
      const left: (Entry | LineProblem)[] = []
      while (open.length > 0) left.push(giveUp(UNCLOSED), ...takeWaiting())
      return left
    },
  }
}

const UNCLOSED = 'a quote is not closed'
const MISPLACED = 'there is a quote in the middle of a cell'

const withoutReturn = (text: string) => (text.endsWith('\r') ? text.slice(0, -1) : text)

/** Whether a line that begins within a quoted cell has a quote that ends this cell: one that is not doubled. */
function closesQuote(text: string): boolean {
  let at = text.indexOf('"')
  while (at !== -1 && text[at + 1] === '"') at = text.indexOf('"', at + 2)
  return at !== -1
}

/** Excel writes and reads the delimiter as a line of its own before the header. */
const SEPARATOR_LINE = /^sep=(.)$/i

/** A name by its letters: spreadsheets and people write "Observed At" for observed_at. */
const lettersOf = (name: string) => name.toLowerCase().replace(/[^a-z]/g, '')
const COLUMN_BY_LETTERS: ReadonlyMap<string, string> = new Map(
  CSV_COLUMNS.map((name) => [lettersOf(name), name]),
)

/** Finds the delimiter, too, unless a line named it: spreadsheets of some countries write semicolons or tabs. */
function readHeader(text: string, separator: string | null, file: string): Table {
  if (text.includes('\r')) {
    throw new UsageError(`${file} ends its lines with carriage returns alone.`, {
      hint: 'Save it with the line ends of Windows or Unix.',
    })
  }
  const delimiter = separator ?? [',', ';', '\t'].find((candidate) => text.includes(candidate)) ?? ','
  const cells = splitRecord(text, delimiter)
  const columns = (Array.isArray(cells) ? cells : []).map(
    (name) => COLUMN_BY_LETTERS.get(lettersOf(name)) ?? name.trim(),
  )
  const named = columns.filter((name) => name !== '')
  const unknown = named.filter((name) => !(CSV_COLUMNS as readonly string[]).includes(name))
  const missing = ['category', 'observed_at'].filter((name) => !columns.includes(name))
  const hint = `The first line must name the columns, in any order: ${CSV_COLUMNS.join(',')}. Write other fields as JSON in extra.`
  if (missing.length > 0) throw new UsageError(`${file} has no column ${missing.join(', ')}.`, { hint })
  if (unknown.length > 0) {
    throw new UsageError(`${file} has an unknown column: ${excerpt(unknown.join(', '))}.`, { hint })
  }
  if (new Set(named).size < named.length) throw new UsageError(`${file} names a column twice.`, { hint })
  return { delimiter, columns }
}

/** Returns the cells of a record; null if there is a quote where none is allowed, `open` if one is not closed. */
function splitRecord(text: string, delimiter: string): string[] | 'open' | null {
  if (!text.includes('"')) return text.split(delimiter)
  const cells: string[] = []
  for (let at = 0; ; at += 1) {
    const isQuoted = text[at] === '"'
    const end = isQuoted ? endOfQuoted(text, at) : endOfCell(text, at, delimiter)
    if (end === -1) return 'open'
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

/** Returns the index after the quote that closes the one at `start`; -1 if none does. */
function endOfQuoted(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end !== -1 && text[end + 1] === '"') end = text.indexOf('"', end + 2)
  return end === -1 ? -1 : end + 1
}

function readRecord(
  line: number,
  cells: string[] | null,
  { columns, delimiter }: Table,
  options: ReadOptions,
): Entry | LineProblem {
  if (cells === null) return { line, reason: MISPLACED }
  if (cells.length !== columns.length) {
    return { line, reason: `has ${cells.length} cells, and the first line has ${columns.length}` }
  }
  const row: Record<string, string | undefined> = {}
  for (const [i, cell] of cells.entries()) if (cell !== '' && columns[i] !== '') row[columns[i]!] = cell
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
