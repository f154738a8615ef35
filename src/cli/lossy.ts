// The output of a daemon: lines that nobody can take (a reader that has gone or stands still, a full disk) are left out,
// and never keep the program from its work.
import { fstatSync, writeSync } from 'node:fs'
import { isatty } from 'node:tty'

/** What may wait for a slow reader. */
const MOST_WAITING_BYTES = 1 << 20

/** Returns what writes to a stream of the process, and neither fails nor waits. */
export function lossyWriter(stream: NodeJS.WriteStream & { readonly fd: number }): (text: string) => void {
  return hasReader(stream.fd) ? toReader(stream) : toFile(stream.fd)
}

function hasReader(fd: number): boolean {
  try {
    const stats = fstatSync(fd)
    return isatty(fd) || stats.isFIFO() || stats.isSocket()
  } catch {
    return false // closed: each write fails, and is left out
  }
}

/** Each line is tried on its own, as a disk may have room again. */
function toFile(fd: number): (text: string) => void {
  return (text) => {
    try {
      writeSync(fd, text)
    } catch {
      // left out
    }
  }
}

function toReader(stream: NodeJS.WriteStream): (text: string) => void {
  stream.on('error', () => {}) // a reader that has gone
  // Node writes to pipes and terminals at once, and would wait for a reader that stands still.
  const { _handle: handle } = stream as { _handle?: { setBlocking?(is: boolean): void } }
  handle?.setBlocking?.(false)
  return (text) => {
    if (stream.writable && stream.writableLength < MOST_WAITING_BYTES) stream.write(text)
  }
}
