// The spool: the folder of segments that are not stored yet. A segment exists from the first answer of its run until
// the warehouse has all of it. A segment left by a process that died is stored by the next process.
import { chmod, mkdir, readdir, rename, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PrimosyncError, reasonOf } from '../errors.ts'
import { PROGRAM } from '../own-command.ts'
import { bytesText } from '../units.ts'
import { type SpoolRecord, toLine } from './records.ts'
import { createSegment, type Segment } from './segment.ts'

const SEGMENT = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.ndjson$/
const REFUSED = 'refused'
const REFUSED_FILE = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-\d+\.ndjson$/
/**
 * The most that may wait: three million answers, or ten days of a thousand categories every five minutes. At this
 * limit asking stops, because a full disk would affect everything else on the machine, too.
 */
const LIMIT_BYTES = 1 << 30
/** What a tick may need on the disk: a fixed part, and a part for each category. */
const TICK_BYTES = 1 << 16
const CATEGORY_BYTES = 1 << 10

export interface Spool {
  readonly folder: string
  /** Makes the segment of a run. */
  create(runKey: string): Segment
  /** Lists the segments that wait, oldest run first. */
  list(): Promise<WaitingSegment[]>
  /** Removes a segment that is stored. */
  remove(path: string): Promise<void>
  /**
   * Writes lines of a segment that cannot be read, from the part that begins at `startBytes`, to a file for a person
   * to look at. Safe to repeat. Returns the path of the file.
   */
  setAside(runKey: string, startBytes: number, damaged: readonly Uint8Array[]): Promise<string>
  /**
   * Writes records that the database refused to a file in the folder `refused`. Safe to repeat. Returns the path.
   */
  keepRefused(runKey: string, startBytes: number, records: readonly SpoolRecord[]): Promise<string>
  /** Lists the files of refused records. */
  listSetAside(): Promise<WaitingSegment[]>
  /** Makes a file of refused records a segment that waits, as that of a run. */
  putBack(path: string, runKey: string): Promise<void>
  /** Returns the error to report if there is no room for a tick over this many categories, else null. */
  lackOfRoom(categories: number): Promise<PrimosyncError | null>
}

export interface WaitingSegment {
  readonly path: string
  readonly runKey: string
  readonly bytes: number
  /** When it was last written to, epoch milliseconds. */
  readonly changedAt: number
}

/** Opens the spool in the data folder. Throws a PrimosyncError if nothing can be written there. */
export async function openSpool(dataDir: string, limitBytes = LIMIT_BYTES): Promise<Spool> {
  const folder = join(dataDir, 'spool')
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await chmod(folder, 0o700)
    await checkWritable(folder)
  } catch (error) {
    throw new PrimosyncError(`The data folder cannot be written: ${folder}: ${reasonOf(error)}.`, {
      hint: 'Make room on its disk, correct its permissions, or set PRIMOSYNC_DATA_DIR to a folder that this user may write to.',
      cause: error,
    })
  }
  return {
    folder,
    create: (runKey) => createSegment(join(folder, `${runKey}.ndjson`)),
    list: () => listSegments(folder),
    remove: (path) => rm(path, { force: true }), // another process may have been faster
    async setAside(runKey, startBytes, damaged) {
      const path = join(folder, `damaged-${runKey}-${startBytes}.txt`)
      await writeFile(path, Buffer.concat(damaged.flatMap((bytes) => [bytes, Buffer.from('\n')])), {
        mode: 0o600,
        flush: true,
      })
      return path
    },
    async keepRefused(runKey, startBytes, records) {
      const refused = join(folder, REFUSED)
      await mkdir(refused, { recursive: true, mode: 0o700 })
      const path = join(refused, `${runKey}-${startBytes}.ndjson`)
      await writeFile(path, records.map(toLine).join(''), { mode: 0o600, flush: true })
      return path
    },
    listSetAside: () => listSegments(join(folder, REFUSED), REFUSED_FILE).catch(unlessMissing),
    putBack: (path, runKey) =>
      rename(path, join(folder, `${runKey}.ndjson`))
        .catch(unlessMissing)
        .then(() => {}),
    lackOfRoom: (categories) => lackOfRoom(folder, limitBytes, TICK_BYTES + categories * CATEGORY_BYTES),
  }
}

/** Writes and removes a file, so that a folder without write permission is reported at the start. */
async function checkWritable(folder: string): Promise<void> {
  const path = join(folder, `.try-${process.pid}-${Date.now()}`)
  try {
    await writeFile(path, 'primosync checks that it can write here.\n', { mode: 0o600, flush: true })
  } finally {
    await rm(path, { force: true })
  }
}

/** The folder is made when it is needed; another process may have moved a file. */
function unlessMissing(error: NodeJS.ErrnoException): never[] {
  if (error.code !== 'ENOENT') throw error
  return []
}

async function listSegments(folder: string, names = SEGMENT): Promise<WaitingSegment[]> {
  const segments = await Promise.all(
    (await readdir(folder)).map(async (name): Promise<WaitingSegment | null> => {
      const runKey = names.exec(name)?.[1]
      if (runKey === undefined) return null
      const path = join(folder, name)
      const stats = await stat(path).catch(() => null)
      return stats && { path, runKey, bytes: stats.size, changedAt: stats.mtimeMs } // null if it was removed meanwhile
    }),
  )
  // Keys are UUIDv7, so this is the order of time.
  return segments.filter((segment) => segment !== null).sort((a, b) => (a.runKey < b.runKey ? -1 : 1))
}

async function lackOfRoom(
  folder: string,
  limitBytes: number,
  needed: number,
): Promise<PrimosyncError | null> {
  const waiting = (await listSegments(folder)).reduce((sum, { bytes }) => sum + bytes, 0)
  if (waiting >= limitBytes) {
    return new PrimosyncError(
      `The spool is full: ${bytesText(waiting)} wait in ${folder}. Asking stops until the database has stored them.`,
      {
        hint: `Run ${PROGRAM} doctor to see why the database cannot be used. The answers are stored as soon as it can be.`,
      },
    )
  }
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize >= needed) return null
  return new PrimosyncError(
    `There is no room for the spool: ${bytesText(bavail * bsize)} are free in ${folder}. Asking stops.`,
    { hint: 'Make room on that disk, or set PRIMOSYNC_DATA_DIR to a folder on another one.' },
  )
}
