// A terminal's alternate screen, redrawn in place; the previous content comes back at the end.
import { setTimeout as delay } from 'node:timers/promises'
import { safeLines } from '../terminal-text.ts'

const ENTER = '\u001b[?1049h\u001b[?25l'
const LEAVE = '\u001b[?25h\u001b[?1049l'
const HOME = '\u001b[H'
const CLEAR_LINE = '\u001b[K'
const CLEAR_BELOW = '\u001b[J'

/** What is drawn into: columns and rows as of now. */
export interface Size {
  readonly width: number
  readonly height: number
}

/**
 * Draws what `frame` returns every `everyMs`, and at once when the terminal changes its size, until `stop`.
 * `frame` must not reject. Lines that do not fit are left out.
 */
export async function liveScreen(
  stdout: NodeJS.WriteStream,
  everyMs: number,
  frame: (size: Size) => Promise<readonly string[]>,
  stop: AbortSignal,
): Promise<void> {
  let resized = new AbortController()
  const onResize = () => resized.abort()
  stdout.on('resize', onResize)
  stdout.write(ENTER)
  try {
    while (!stop.aborted) {
      resized = new AbortController()
      const { columns: width, rows: height } = stdout
      const lines = await frame({ width, height })
      if (!resized.signal.aborted) stdout.write(drawn(lines, height))
      const signal = AbortSignal.any([stop, resized.signal])
      await delay(everyMs, undefined, { signal }).catch(() => {})
    }
  } finally {
    stdout.off('resize', onResize)
    stdout.write(LEAVE)
  }
}

function drawn(lines: readonly string[], height: number): string {
  const shown = lines.slice(0, height)
  return HOME + shown.map((line) => safeLines(line) + CLEAR_LINE).join('\r\n') + CLEAR_BELOW
}
