// The command line as commander sees it: all commands, their common options, help with examples.

import { Argument, Command, CommanderError } from 'commander'
import { SETTING_NAMES } from '../config/schema.ts'
import { UsageError } from '../errors.ts'
import { PROGRAM } from '../own-command.ts'
import { version } from '../version.ts'
import type { Action, CommandModule, GlobalOptions, ListedCommand } from './command.ts'
import { completionScript, SHELLS } from './completion.ts'

/** Called for the one command that was asked for. */
export type Execute = (
  action: Action<object>,
  options: GlobalOptions,
  args: readonly unknown[],
) => Promise<void>

/** Parsing throws UsageError for a wrong command line, and a CommanderError of exit code 0 after help. */
export function buildProgram(listed: readonly ListedCommand[], execute: Execute): Command {
  const program = new Command('primosync')
    .description("Turns Primotexto's cumulative SMS statistics into history: snapshots, deltas and trends.")
    .option('--json', 'print the result as JSON')
    .option('--config <path>', 'read settings from this file (default: primosync.yaml, if there is one)')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false) // ours loads the command first
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => {} }) // errors are printed in one place, exit-code.ts
    .addHelpText('after', SETTINGS_TEXT)
    .addHelpText('after', examplesText(['primosync start', 'primosync status --json']))
  throwUsageErrors(program)
  const loaders = new Map(
    listed.map(({ load, ...named }) => {
      const command = add(program, named)
      return [command, async () => fill(command, await load(), execute)]
    }),
  )
  const load = async (command: Command) => await loaders.get(command)?.()
  program.hook('preSubcommand', (_, command) => load(command))
  addCompletion(program, load)
  addHelp(program, load)
  return program
}

type Load = (command: Command) => Promise<void>

/** Unlike other commands it needs the program itself, and works whatever the settings are. */
function addCompletion(program: Command, load: Load): void {
  add(program, {
    name: 'completion',
    summary: 'print a script that completes commands and options in a shell',
  })
    .addArgument(new Argument('<shell>', 'the shell to complete in').choices(SHELLS))
    .addHelpText('after', examplesText(EXAMPLES_OF_COMPLETION))
    .action(async (shell) => {
      for (const command of program.commands) await load(command)
      program.configureOutput().writeOut?.(completionScript(program, shell))
    })
}

function addHelp(program: Command, load: Load): void {
  add(program, { name: 'help', summary: 'show help for a command' })
    .argument('[command]', 'its name')
    .addHelpText('after', examplesText(['primosync help trends']))
    .action(async (name?: string) => {
      const command = name === undefined ? program : program.commands.find((one) => one.name() === name)
      if (command === undefined) {
        throw new UsageError(`There is no command ${JSON.stringify(name)}.`, {
          hint: `Run: ${PROGRAM} --help`,
        })
      }
      await load(command)
      command.help()
    })
}

const EXAMPLES_OF_COMPLETION = [
  'source <(primosync completion bash)     # in ~/.bashrc',
  'source <(primosync completion zsh)      # in ~/.zshrc, after compinit',
  'primosync completion fish | source      # in ~/.config/fish/config.fish',
]

function add(parent: Command, { name, summary }: { name: string; summary: string }): Command {
  const command = parent.command(name).summary(summary).description(sentence(summary))
  throwUsageErrors(command)
  return command
}

/** Adds what only the command's module knows: examples, options and what it does. */
function fill(command: Command, module: CommandModule, execute: Execute): void {
  command.addHelpText('after', examplesText(module.examples))
  if ('commands' in module) {
    for (const action of module.commands) fill(add(command, action), action, execute)
    return
  }
  module.configure?.(command)
  command.action(() => execute(module, command.optsWithGlobals(), command.processedArgs))
}

function throwUsageErrors(command: Command): void {
  command.exitOverride((error) => {
    if (error.exitCode === 0) throw error // help or version, already printed
    const asked = error.code === 'commander.help' // no command at all: the help is on stderr
    throw new UsageError(asked ? 'No command was given.' : sentenceOf(error), {
      hint: `Run: ${fullName(command)} --help`,
      cause: error,
    })
  })
}

/** `error: unknown option '--x'\n(Did you mean --y?)` as sentences. */
const sentenceOf = ({ message }: CommanderError) =>
  sentence(message.replace(/^error: /, '').replace(/\n\((.*)\)$/, '. $1'))

/** Whether this was thrown because help or version were printed. */
export const isDone = (error: unknown) => error instanceof CommanderError && error.exitCode === 0

const fullName = (command: Command): string =>
  command.parent === null ? PROGRAM : `${fullName(command.parent)} ${command.name()}`

const sentence = (text: string) =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}`.replace(/[.?]?$/, (end) => end || '.')

const SETTINGS_TEXT = [
  '',
  'Settings, from the environment or the config file (which also takes accounts):',
  ...SETTING_NAMES.map((name) => `  ${name}`),
].join('\n')

/** An example as it works from where this program stands; settings may stand before its name. */
const fromHere = (line: string) => line.replace(/^((?:[A-Z_]+=(?:"[^"]*"|\S+) )*)primosync /, `$1${PROGRAM} `)

const examplesText = (examples: readonly string[]) =>
  [
    '',
    examples.length === 1 ? 'Example:' : 'Examples:',
    ...examples.map((line) => `  $ ${fromHere(line)}`),
  ].join('\n')
