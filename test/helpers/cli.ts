// Runs the command line as a child process, in its own folder and only with the given settings.

import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { afterAll, onTestFinished } from 'vitest'
import { PROGRAM } from './program.ts'

/** A shared compile cache, which halves the time of each start. */
const NODE_COMPILE_CACHE = join(tmpdir(), 'primosync-test-compile-cache')

export interface CliOptions {
  /** Settings. Only PATH is inherited. */
  env?: Record<string, string>
  /** Default: a new empty folder, removed after the test. */
  cwd?: string
  /** The content of stdin. */
  stdin?: string
}

export interface CliResult {
  /** null if a signal ended it. */
  code: number | null
  stdout: string
  stderr: string
}

export interface RunningCli {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly result: Promise<CliResult>
  /** Resolves to the first match in stdout or stderr. Rejects if the program ends without one. */
  output(pattern: RegExp): Promise<RegExpExecArray>
}

/** Makes an empty folder for this test. It is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'primosync-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Makes an empty folder for all tests of a file. */
export function folderForFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'primosync-test-'))
  afterAll(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Runs `primosync ARGS` to its end. */
export const runCli = (args: readonly string[], options: CliOptions = {}): Promise<CliResult> =>
  startCli(args, options).result

/** Starts `primosync ARGS`. If it still runs after the test, it is killed. */
export function startCli(args: readonly string[], options: CliOptions = {}): RunningCli {
  const { env = {}, cwd = temporaryFolder(), stdin = '' } = options
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd,
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE, ...env },
  })
  const texts = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text) => (texts.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text) => (texts.stderr += text))
  child.stdin.on('error', () => {}) // a command that reads nothing may have ended already
  child.stdin.end(stdin)
  const result = new Promise<CliResult>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, ...texts }))
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await result
  })
  return { child, result, output: (pattern) => firstMatch(child, texts, pattern) }
}

function firstMatch(
  child: RunningCli['child'],
  texts: { stdout: string; stderr: string },
  pattern: RegExp,
): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const match = pattern.exec(texts.stdout) ?? pattern.exec(texts.stderr)
      if (match) resolve(match)
    }
    look()
    child.stdout.on('data', look)
    child.stderr.on('data', look)
    child.on('close', (code) => reject(new Error(`ended with ${code} before ${pattern}: ${texts.stderr}`)))
  })
}
