// The spool: the folder of segments that are not stored yet. A segment lives from the first answer of its
// run until the warehouse has all of it; one that stays behind is stored by whichever process comes next.
import { chmod, mkdir, readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { PrimosyncError, reasonOf } from '../errors.ts'
import { createSegment, type Segment } from './segment.ts'

const ENDING = '.ndjson'

export interface Spool {
  readonly folder: string
  /** Creates the segment of a run. */
  create(runKey: string): Promise<Segment>
  /** The segments that wait, oldest first. */
  list(): Promise<WaitingSegment[]>
  /** Removes a segment that is stored. */
  remove(path: string): Promise<void>
}

export interface WaitingSegment {
  readonly path: string
  readonly runKey: string
  readonly bytes: number
  /** When it was last written to, epoch milliseconds. */
  readonly changedAt: number
}

/** Opens the spool in the data folder. Throws a PrimosyncError if nothing can be written there. */
export async function openSpool(dataDir: string): Promise<Spool> {
  const folder = join(dataDir, 'spool')
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await chmod(folder, 0o700)
    await tryOut(folder)
  } catch (error) {
    if (error instanceof PrimosyncError) throw error
    throw new PrimosyncError(`The data folder cannot be written: ${folder}: ${reasonOf(error)}.`, {
      hint: 'Set PRIMOSYNC_DATA_DIR to a folder that this user may write to.',
      cause: error,
    })
  }
  const pathOf = (runKey: string) => join(folder, `${runKey}${ENDING}`)
  return {
    folder,
    create: (runKey) => createSegment(pathOf(runKey)),
    list: () => listSegments(folder),
    remove: (path) => unlink(path),
  }
}

/** Says at the start, not in the night, that nothing can be kept. */
async function tryOut(folder: string): Promise<void> {
  const path = join(folder, `.try-${process.pid}-${Date.now()}`)
  const segment = await createSegment(path)
  await segment.close()
  await unlink(path)
}

async function listSegments(folder: string): Promise<WaitingSegment[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(ENDING))
  const segments = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name)
      const { size, mtimeMs } = await stat(path)
      return { path, runKey: name.slice(0, -ENDING.length), bytes: size, changedAt: mtimeMs }
    }),
  )
  return segments.sort((a, b) => (a.runKey < b.runKey ? -1 : 1)) // keys are UUIDv7: by time
}
