// Errors that users see. Each says what happened, to what, and what to do, and never holds a secret.

/** The exit code of the program after an error (contract, section 6). */
export type ExitCode = 1 | 2 | 3 | 4

/**
 * A failure that the user can do something about. `message` says what happened and to what, `hint` what to do next;
 * `cause` is the technical reason. The command line prints message and hint, and exits with `exitCode`. Only errors of
 * other classes show a stack trace.
 */
export class PrimosyncError extends Error {
  override name = 'PrimosyncError'
  readonly hint: string | null
  readonly exitCode: ExitCode

  constructor(message: string, options: { hint?: string; exitCode?: ExitCode; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.hint = options.hint ?? null
    this.exitCode = options.exitCode ?? 1
  }
}

/** Wrong usage or a wrong setting: exit code 2. */
export class UsageError extends PrimosyncError {
  override name = 'UsageError'

  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, { ...options, exitCode: 2 })
  }
}

/** The database cannot be used at the moment (away, read-only, full, too slow). Work is retried, and nothing is lost. */
export class DatabaseAwayError extends PrimosyncError {
  override name = 'DatabaseAwayError'
}

/** Returns the message of anything that was thrown, without a stack. Of an AggregateError, that of the first error. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  if (error instanceof Error) return error.message || error.name
  return String(error)
}

/** Returns `text` with a period at its end, unless it ends a sentence already. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
