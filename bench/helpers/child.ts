// The program as its users run it: a process of its own. Tells how long it took and how much memory at most.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const PEAK = new URL('peak-memory.ts', import.meta.url).href

export interface Ended {
  readonly stdout: string
  readonly elapsedMs: number
  readonly peakBytes: number
}

/** Runs a command line with its stdin; rejects with what it said if it fails. */
export async function runCli(
  args: readonly string[],
  databaseUrl: string,
  stdin: AsyncIterable<Buffer> | Iterable<Buffer> = [],
): Promise<Ended> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, ['--max-semi-space-size=16', '--import', PEAK, MAIN, ...args], {
    env: { PATH: process.env.PATH, DATABASE_URL: databaseUrl, PRIMOTEXTO_API_KEY: 'bench' },
  })
  const feeding = pipeline(stdin, child.stdin).catch(() => {}) // it may end before it has read all
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  await feeding
  if (code !== 0) throw new Error(`primosync ${args.join(' ')} ended with ${code}: ${stderr}`)
  const peak = /^peak memory (\d+)$/m.exec(stderr)?.[1]
  return { stdout, elapsedMs: performance.now() - startedAt, peakBytes: Number(peak) * 1024 }
}
