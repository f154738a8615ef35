// Lets undici pass over `100 Continue`, which some gateways send though nobody asked for it. undici passes over every
// informational answer but this one, and takes it for the end of the connection; so it is shown as 102, on its way in.
import type { Duplex } from 'node:stream'

const STATUS_LINE_BYTES = 12 // HTTP/1.1 100

/** Changes what is read from the socket before the first final answer to each request. */
export function passOverContinue(socket: Duplex): void {
  const read = socket.read.bind(socket)
  const write = socket.write.bind(socket)
  let isBeforeAnswer = true
  socket.read = (size?: number) => {
    const chunk = read(size)
    if (isBeforeAnswer && chunk !== null) isBeforeAnswer = renameContinue(chunk)
    return chunk
  }
  socket.write = ((...args: Parameters<typeof write>) => {
    isBeforeAnswer = true
    return write(...args)
  }) as typeof socket.write
}

/** Returns whether the bytes end with an informational answer, so that another one may follow. */
function renameContinue(bytes: Buffer): boolean {
  for (let from = 0; from < bytes.length; ) {
    const line = bytes.toString('latin1', from, from + STATUS_LINE_BYTES)
    if (!/^HTTP\/1\.[01] 1\d\d$/.test(line)) return false
    if (line.endsWith('100')) bytes.write('2', from + STATUS_LINE_BYTES - 1)
    const end = bytes.indexOf('\r\n\r\n', from)
    if (end === -1) return false
    from = end + 4
  }
  return true
}
