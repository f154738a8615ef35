// Reads a file of either format, block by block.
import { UsageError } from '../errors.ts'
import { createCsvReader } from './csv.ts'
import { decoded } from './decoded.ts'
import type { Entry, LineProblem, ReadOptions } from './entry.ts'
import { type Line, readLines } from './lines.ts'
import { readNdjson } from './ndjson.ts'

export type Format = 'ndjson' | 'csv'

/** Returns the format by the extension of the file's name; null for any other extension. */
export function formatOf(fileName: string): Format | null {
  if (/\.(ndjson|jsonl|json)(\.gz)?$/i.test(fileName)) return 'ndjson'
  return /\.(csv|tsv)(\.gz)?$/i.test(fileName) ? 'csv' : null
}

/** True if a file of this name is written as gzip. */
export const isPacked = (fileName: string): boolean => /\.gz$/i.test(fileName)

/**
 * Yields the entries and line problems of `input` in blocks. If `format` is null, it is NDJSON if the first line begins
 * with a brace, else CSV. Gzip and UTF-16 are recognized. Throws a UsageError if there is nothing in the file, if the
 * first line of a CSV does not name the columns, and if JSON is not one object a line.
 */
export async function* readEntries(
  input: AsyncIterable<Uint8Array>,
  format: Format | null,
  options: ReadOptions,
): AsyncGenerator<(Entry | LineProblem)[]> {
  let reader: BlockReader | null = null
  let isEmpty = true
  for await (const lines of readLines(decoded(input, options.file))) {
    reader ??= createReaderFor(lines, format, options)
    const entries = reader?.read(lines) ?? []
    if (entries.length > 0) isEmpty = false
    yield entries
  }
  const left = reader?.end() ?? []
  if (isEmpty && left.length === 0) {
    throw new UsageError(`There is nothing in ${options.file} to import.`, {
      hint: 'Check that whatever writes it has run and finished.',
    })
  }
  yield left
}

/** Null while there are only blank lines. */
function createReaderFor(
  lines: readonly Line[],
  format: Format | null,
  options: ReadOptions,
): BlockReader | null {
  const first = lines.find(({ text, problem }) => problem !== null || text.trim() !== '')
  if (first === undefined) return null
  const start = first.text.trim()
  if (format !== 'csv' && (start.startsWith('[') || start === '{')) {
    const filter = start === '{' ? '.' : '.[]'
    throw new UsageError(`${options.file} is JSON over several lines; import reads one object a line.`, {
      hint: `Turn it into lines, for example with: jq -c '${filter}' FILE > FILE.ndjson`,
    })
  }
  return createReader(format ?? (start.startsWith('{') ? 'ndjson' : 'csv'), options)
}

interface BlockReader {
  read(lines: readonly Line[]): (Entry | LineProblem)[]
  end(): (Entry | LineProblem)[]
}

function createReader(format: Format, options: ReadOptions): BlockReader {
  if (format === 'csv') return createCsvReader(options)
  return { read: (lines) => readNdjson(lines, options), end: () => [] }
}
