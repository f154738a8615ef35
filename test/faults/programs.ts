// Processes of the real program: started, killed, stopped and paused by their ids, and watched until they end.
import { type ChildProcess, spawn } from 'node:child_process'
import { openSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromLine } from '../../src/spool/records.ts'
import { PROGRAM } from '../helpers/program.ts'

export interface Launch {
  readonly args: readonly string[]
  /** The data folder. */
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  /** Options of Node itself. */
  readonly nodeOptions?: readonly string[]
  /** The limit of open files. */
  readonly openFiles?: number
}

/** A time in which a process could not finish its work; epoch milliseconds. */
export interface Interruption {
  readonly from: number
  readonly until: number
}

export interface Program {
  /** Identifies it to the API, in the path of its base URL. */
  readonly id: string
  readonly pid: number
  readonly folder: string
  readonly args: readonly string[]
  readonly logFile: string
  readonly interruptions: readonly Interruption[]
  /** The totals that were in its spool when it was killed. */
  readonly inSpoolAtDeath: ReadonlySet<number>
  readonly startedAt: number
  /** Null while it runs. */
  readonly endedAt: number | null
  readonly exit: Promise<{ code: number | null; signal: string | null }>
  kill(): Promise<void>
  /** Sends SIGTERM and waits for the end. Rejects if that takes too long. */
  stop(): Promise<number | null>
  pause(): void
  resume(): void
  output(): string
}

const STOP_PATIENCE_MS = 15_000

export function launch(id: string, logFolder: string, options: Launch): Program {
  const { args, folder, env, nodeOptions = [], openFiles } = options
  const logFile = join(logFolder, `${id}.log`)
  const log = openSync(logFile, 'a', 0o600)
  const node = [process.execPath, ...nodeOptions, PROGRAM, ...args]
  const [command, ...rest] =
    openFiles === undefined ? node : ['/bin/sh', '-c', `ulimit -n ${openFiles}; exec "$@"`, 'sh', ...node]
  const child: ChildProcess = spawn(command!, rest, {
    cwd: logFolder,
    env: { PATH: process.env.PATH, PRIMOSYNC_DATA_DIR: folder, ...env },
    stdio: ['ignore', log, log],
  })
  const interruptions: Interruption[] = []
  const inSpoolAtDeath = new Set<number>()
  let endedAt: number | null = null
  let pausedAt: number | null = null
  const exit = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      endedAt = Date.now()
      resolve({ code, signal })
    })
  })
  return {
    id,
    pid: child.pid!,
    folder,
    args,
    logFile,
    interruptions,
    inSpoolAtDeath,
    exit,
    startedAt: Date.now(),
    get endedAt() {
      return endedAt
    },
    async kill() {
      interruptions.push({ from: Date.now(), until: Number.POSITIVE_INFINITY })
      child.kill('SIGKILL')
      await exit
      for (const total of totalsInSpool(folder)) inSpoolAtDeath.add(total)
    },
    async stop() {
      interruptions.push({ from: Date.now(), until: Number.POSITIVE_INFINITY })
      child.kill('SIGTERM')
      const late = new Promise<never>((_, reject) =>
        setTimeout(
          () => reject(new Error(`${id} (${args.join(' ')}) does not stop`)),
          STOP_PATIENCE_MS,
        ).unref(),
      )
      return (await Promise.race([exit, late])).code
    },
    pause() {
      pausedAt = Date.now()
      child.kill('SIGSTOP')
    },
    resume() {
      interruptions.push({ from: pausedAt!, until: Date.now() })
      child.kill('SIGCONT')
    },
    output: () => readFileSync(logFile, 'utf8'),
  }
}

/** Returns the totals of the complete answers in the segments of a folder. */
export function totalsInSpool(folder: string): number[] {
  const spool = join(folder, 'spool')
  try {
    return readdirSync(spool)
      .filter((name) => name.endsWith('.ndjson'))
      .flatMap((name) => readFileSync(join(spool, name), 'utf8').split('\n').slice(0, -1))
      .map(fromLine)
      .flatMap((record) => (record?.kind === 'answer' ? (record.counters[0] ?? []) : []))
  } catch {
    return [] // no spool yet
  }
}
