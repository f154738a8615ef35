// A progress bar on stderr: only on a terminal, and only for what takes longer than a second.

import { Presets, SingleBar } from 'cli-progress'
import { visible } from '../terminal-text.ts'

export interface Progress {
  advance(by?: number): void
  /** Removes the bar. */
  stop(): void
}

const PATIENCE_MS = 1000

/** Starts to count up to `total`. The caller calls `stop` in any case. */
export function startProgress(
  label: string,
  total: number,
  stderr: NodeJS.WriteStream = process.stderr,
): Progress {
  if (!stderr.isTTY) return { advance: () => {}, stop: () => {} }
  const format = `${visible(label)} {bar} {value}/{total}, {eta_formatted} left`
  // the cursor stays visible: a second Ctrl-C would leave it hidden
  const bar = new SingleBar(
    { stream: stderr, format, clearOnComplete: true, hideCursor: false },
    Presets.rect,
  )
  let done = 0
  const timer = setTimeout(() => bar.start(total, done), PATIENCE_MS)
  timer.unref()
  return {
    advance: (by = 1) => {
      done += by
      if (bar.isActive) bar.update(done)
    },
    stop: () => {
      clearTimeout(timer)
      bar.stop()
    },
  }
}
