// Reads a spool segment in batches of whole lines, so that replaying needs little memory whatever its size.
import { type FileHandle, open } from 'node:fs/promises'
import { fromLine, type SpoolRecord } from './records.ts'

const CHUNK_BYTES = 1 << 19
const NEWLINE = 10

/** A part of a segment: its good records, and where the next part begins. */
export interface RecordBatch {
  readonly records: SpoolRecord[]
  /** Whole lines that are damaged, unchanged. */
  readonly damaged: Buffer[]
  readonly endBytes: number
}

/**
 * Reads whole lines from `startBytes` on: at most half a MiB, unless one line is longer, and at most up to `untilBytes`
 * (for a segment that is being written: how much of it is on the disk). An incomplete last line is left for later.
 * `endBytes` equals `startBytes` if there is no further whole line, or no file.
 */
export async function readRecords(
  path: string,
  startBytes: number,
  untilBytes = Number.POSITIVE_INFINITY,
): Promise<RecordBatch> {
  const bytes = await withFile(path, (file) => readWholeLines(file, startBytes, untilBytes))
  const records: SpoolRecord[] = []
  const damaged: Buffer[] = []
  for (const line of linesOf(bytes)) {
    const record = fromLine(line.toString('utf8'))
    if (record) records.push(record)
    else damaged.push(line)
  }
  return { records, damaged, endBytes: startBytes + bytes.length }
}

/** Reads what follows the last whole line: part of a line, left by a power cut or a killed process. */
export async function readTail(path: string, startBytes: number): Promise<Buffer> {
  return await withFile(path, async (file) => {
    const { size } = await file.stat()
    if (size <= startBytes) return Buffer.alloc(0)
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(size - startBytes),
      position: startBytes,
    })
    return buffer.subarray(0, bytesRead)
  })
}

async function withFile(path: string, read: (file: FileHandle) => Promise<Buffer>): Promise<Buffer> {
  let file: FileHandle
  try {
    file = await open(path, 'r')
  } catch (error) {
    // Nothing was written yet, or another process has stored and removed it.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0)
    throw error
  }
  try {
    return await read(file)
  } finally {
    await file.close()
  }
}

async function readWholeLines(file: FileHandle, startBytes: number, untilBytes: number): Promise<Buffer> {
  const { size } = await file.stat()
  const available = Math.min(size, untilBytes) - startBytes
  for (let length = Math.min(CHUNK_BYTES, available); length > 0; length = Math.min(2 * length, available)) {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(length), position: startBytes })
    const end = buffer.subarray(0, bytesRead).lastIndexOf(NEWLINE) + 1
    // A line may be longer than a chunk.
    if (end > 0 || length === available) return buffer.subarray(0, end)
  }
  return Buffer.alloc(0)
}

function* linesOf(bytes: Buffer): Generator<Buffer> {
  let start = 0
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    yield bytes.subarray(start, end)
    start = end + 1
  }
}
