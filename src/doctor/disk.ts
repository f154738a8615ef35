// The checks of the data folder: whether it can be written, the spool is empty and there is room on the disk.
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PrimosyncError, reasonOf } from '../errors.ts'
import { openSpool, type Spool, type WaitingSegment } from '../spool/spool.ts'
import { type Finding, ill, well } from './finding.ts'

const LEAST_FREE_BYTES = 1 << 30

/** `listWaiting` returns the segments that are not stored, `measure` how much room a folder's disk has. */
export async function checkDisk(
  dataDir: string,
  listWaiting: (spool: Spool) => Promise<WaitingSegment[]>,
  measure: (folder: string) => Promise<{ bavail: number; bsize: number }> = statfs,
): Promise<Finding[]> {
  try {
    const spool = await openSpool(dataDir)
    const segments = await listWaiting(spool)
    const { bavail, bsize } = await measure(spool.folder)
    const refused = await spool.listSetAside()
    return [
      checkSpool(segments.length),
      ...(refused.length > 0 ? [checkRefused(refused)] : []),
      checkRoom(bavail * bsize),
    ]
  } catch (error) {
    const advice = error instanceof PrimosyncError ? error.hint : null
    return [
      ill(
        'spool',
        reasonOf(error),
        advice ?? 'Set PRIMOSYNC_DATA_DIR to a folder that this user may write to.',
      ),
    ]
  }
}

function checkSpool(waiting: number): Finding {
  if (waiting === 0) return well('spool', 'writable, empty')
  return ill(
    'spool',
    waiting === 1
      ? 'the answers of a run wait to be stored'
      : `the answers of ${waiting} runs wait to be stored`,
    'The next tick stores them if the database can be used. See the lines of the database.',
  )
}

function checkRefused(files: readonly WaitingSegment[]): Finding {
  return ill(
    'refused',
    `the database refuses records, which are kept in ${files.length === 1 ? 'a file' : `${files.length} files`} in ${dirname(files[0]!.path)}`,
    'The log says why (“are set aside”). They are tried again every hour; to try at once, stop primosync, touch -d yesterday these files, and start it.',
  )
}

function checkRoom(freeBytes: number): Finding {
  const found = `${(freeBytes / 2 ** 30).toFixed(1)} GiB free`
  return freeBytes >= LEAST_FREE_BYTES
    ? well('disk', found)
    : ill('disk', found, 'Make room on the disk of the data folder.')
}
