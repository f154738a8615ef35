// A spool segment: the append-only file of one run. What `append` has resolved for is on the disk.
import { type FileHandle, open } from 'node:fs/promises'
import { PrimosyncError, reasonOf } from '../errors.ts'
import { fromLine, type SpoolRecord, toLine } from './records.ts'

const CHUNK_BYTES = 1 << 20

export interface Segment {
  readonly path: string
  /** Resolves once the record is on the disk; records that come together are written and synced together. */
  append(record: SpoolRecord): Promise<void>
  /** How many bytes are on the disk. */
  readonly durableBytes: number
  close(): Promise<void>
}

/** Creates a segment. Throws a PrimosyncError naming the file where it cannot be written. */
export async function createSegment(path: string): Promise<Segment> {
  const file = await open(path, 'ax', 0o600).catch((error) => {
    throw unwritable(path, error)
  })
  let waiting: { line: string; resolve: () => void; reject: (error: unknown) => void }[] = []
  let writing: Promise<void> | null = null
  let durableBytes = 0

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting
      waiting = []
      try {
        const bytes = Buffer.from(group.map(({ line }) => line).join(''))
        await file.appendFile(bytes)
        await file.datasync()
        durableBytes += bytes.length
        for (const { resolve } of group) resolve()
      } catch (error) {
        // What was written in part would make the next line a damaged one.
        await file.truncate(durableBytes).catch(() => {})
        for (const { reject } of group) reject(unwritable(path, error))
      }
    }
    writing = null
  }

  return {
    path,
    append(record) {
      return new Promise((resolve, reject) => {
        waiting.push({ line: toLine(record), resolve, reject })
        writing ??= writeAll()
      })
    },
    get durableBytes() {
      return durableBytes
    },
    async close() {
      await writing
      await file.close()
    },
  }
}

function unwritable(path: string, error: unknown): PrimosyncError {
  return new PrimosyncError(`The spool cannot be written: ${path}: ${reasonOf(error)}.`, {
    hint: 'Answers are kept there before they are stored. Make room or mend the rights of the data folder (PRIMOSYNC_DATA_DIR).',
    cause: error,
  })
}

/** A stretch of a segment: its good records, and where the next stretch begins. */
export interface Stretch {
  readonly records: SpoolRecord[]
  /** Whole lines that are damaged, as they stand. */
  readonly damaged: string[]
  readonly endBytes: number
}

/**
 * Reads whole lines from `startBytes` on, about a MiB at most, up to `untilBytes` where that is given (what is
 * on the disk of a segment being written); a last line without its end is left for later. `endBytes` equals
 * `startBytes` where there is no further whole line.
 */
export async function readStretch(
  path: string,
  startBytes: number,
  untilBytes = Number.POSITIVE_INFINITY,
): Promise<Stretch> {
  const file = await open(path, 'r')
  try {
    const bytes = await readWholeLines(file, startBytes, untilBytes)
    const records: SpoolRecord[] = []
    const damaged: string[] = []
    for (const line of bytes.toString('utf8').split('\n').slice(0, -1)) {
      const record = fromLine(line)
      if (record) records.push(record)
      else damaged.push(line)
    }
    return { records, damaged, endBytes: startBytes + bytes.length }
  } finally {
    await file.close()
  }
}

async function readWholeLines(file: FileHandle, startBytes: number, untilBytes: number): Promise<Buffer> {
  const { size } = await file.stat()
  const available = Math.min(size, untilBytes) - startBytes
  for (let length = Math.min(CHUNK_BYTES, available); length > 0; length = Math.min(2 * length, available)) {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(length), position: startBytes })
    const end = buffer.lastIndexOf(10, bytesRead - 1) + 1
    // A line may be longer than a chunk.
    if (end > 0 || length === available) return buffer.subarray(0, end)
  }
  return Buffer.alloc(0)
}
