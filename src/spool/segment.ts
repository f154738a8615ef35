// A spool segment: the append-only file of one run. A record is on the disk once `append` has resolved.
import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PrimosyncError, reasonOf } from '../errors.ts'
import { type SpoolRecord, toLine } from './records.ts'

export interface Segment {
  readonly path: string
  /**
   * Resolves once the record is on the disk. Records that are appended at the same time are synced together. If one
   * cannot be written, this call and all later ones reject with a PrimosyncError that names the file.
   */
  append(record: SpoolRecord): Promise<void>
  /** How many bytes are on the disk. */
  readonly durableBytes: number
  close(): Promise<void>
}

interface Waiting {
  readonly line: string
  resolve(): void
  reject(error: unknown): void
}

/** Makes a segment at `path`. Its file is created with the first record. */
export function createSegment(path: string): Segment {
  let file: FileHandle | null = null
  let waiting: Waiting[] = []
  let writing: Promise<void> | null = null
  let durableBytes = 0
  let broken: PrimosyncError | null = null

  async function write(bytes: Buffer): Promise<void> {
    file ??= await createFile(path)
    await file.appendFile(bytes)
    await file.datasync()
    // Another process may have stored and removed the file, if this one was paused for long enough to look dead.
    if ((await file.stat()).nlink === 0) throw new Error('the file was removed by another process')
    durableBytes += bytes.length
  }

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting
      waiting = []
      try {
        if (broken) throw broken
        await write(Buffer.from(group.map(({ line }) => line).join('')))
        for (const { resolve } of group) resolve()
      } catch (error) {
        if (!broken) {
          broken = unwritable(path, error)
          // Part of a line would damage the line that follows it.
          await file?.truncate(durableBytes).catch(() => {})
        }
        for (const { reject } of group) reject(broken)
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
      await file?.close()
    },
  }
}

async function createFile(path: string): Promise<FileHandle> {
  const file = await open(path, 'ax', 0o600)
  await syncFolder(dirname(path))
  return file
}

/** A file survives a power cut only if its entry in the folder is on the disk, too. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return // folders cannot be opened there
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function unwritable(path: string, error: unknown): PrimosyncError {
  return new PrimosyncError(`The spool cannot be written: ${path}: ${reasonOf(error)}.`, {
    hint: 'Make room on its disk, or correct the permissions of the data folder (PRIMOSYNC_DATA_DIR). Answers are kept there until they are stored.',
    cause: error,
  })
}
