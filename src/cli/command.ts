// The one shape of a command. To add one: a file in commands/ that exports it, an entry in commands/index.ts.

import type { Command } from 'commander'
import type { Config } from '../config/load.ts'
import type { ExitCode } from '../errors.ts'
import type { Logger } from '../logging.ts'
import type { Output } from './output.ts'

/** The options of every command. */
export interface GlobalOptions {
  json?: boolean
  config?: string
}

/** What a command works with: settings, its own options and arguments, and where results go. */
export interface Context<Options> {
  readonly config: Config
  readonly options: Options & GlobalOptions
  /** The positional arguments, as `configure` declared them: a text, or a list for a variadic one. */
  readonly args: readonly unknown[]
  readonly output: Output
  readonly log: Logger
}

interface Named {
  readonly name: string
  /** One line, without a full stop, for the list of commands. */
  readonly summary: string
}

interface Described {
  /** Whole command lines, at least one; they end the command's --help. */
  readonly examples: readonly [string, ...string[]]
}

/** A command that does something. */
export interface Action<Options> extends Described {
  /** Declares arguments and options, the way commander does. */
  configure?(command: Command): unknown
  /** True: it goes on when nothing takes its output. Default: it ends quietly when nobody reads on. */
  readonly outlivesOutput?: boolean
  /** Runs the command. Resolves to an exit code if it is not 0; throws a PrimosyncError for what went wrong. */
  run(context: Context<Options>): Promise<ExitCode | undefined> | Promise<void>
}

/** A command that only holds others, such as `category`. */
export interface Group extends Described {
  // biome-ignore lint/suspicious/noExplicitAny: each command knows its own options
  readonly commands: readonly NamedAction<any>[]
}

/** An action of a group. */
export type NamedAction<Options> = Named & Action<Options>

// biome-ignore lint/suspicious/noExplicitAny: each command knows its own options
export type CommandModule = Action<any> | Group

/** What the list of commands tells of one; the rest is loaded when it is asked for. */
export interface ListedCommand extends Named {
  load(): Promise<CommandModule>
}
