// The command line as commander sees it: all commands, their common options, help with examples.

import { Argument, Command, CommanderError } from 'commander'
import { SETTING_NAMES } from '../config/schema.ts'
import { UsageError } from '../errors.ts'
import { version } from '../version.ts'
import type { Action, CommandModule, GlobalOptions } from './command.ts'
import { completionScript, SHELLS } from './completion.ts'

/** Called for the one command that was asked for. */
export type Execute = (
  action: Action<object>,
  options: GlobalOptions,
  args: readonly unknown[],
) => Promise<void>

/** Parsing throws UsageError for a wrong command line, and a CommanderError of exit code 0 after help. */
export function buildProgram(modules: readonly CommandModule[], execute: Execute): Command {
  const program = new Command('primosync')
    .description("Turns Primotexto's cumulative SMS statistics into history: snapshots, deltas and trends.")
    .option('--json', 'print the result as JSON')
    .option('--config <path>', 'read settings from this file (default: primosync.yaml, if there is one)')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => {} }) // errors are printed in one place, exit-code.ts
    .addHelpText('after', SETTINGS_TEXT)
    .addHelpText('after', examplesText(['primosync start', 'primosync status --json']))
  throwUsageErrors(program)
  for (const module of modules) add(program, module, execute)
  addCompletion(program)
  return program
}

/** Unlike other commands it needs the program itself, and works whatever the settings are. */
function addCompletion(program: Command): void {
  const command = program.command('completion')
  const summary = 'print a script that completes commands and options in a shell'
  command.summary(summary).description(sentence(summary))
  command.addArgument(new Argument('<shell>', 'the shell to complete in').choices(SHELLS))
  command.addHelpText('after', examplesText(EXAMPLES_OF_COMPLETION))
  throwUsageErrors(command)
  command.action((shell) => {
    program.configureOutput().writeOut?.(completionScript(program, shell))
  })
}

const EXAMPLES_OF_COMPLETION = [
  'source <(primosync completion bash)     # in ~/.bashrc',
  'source <(primosync completion zsh)      # in ~/.zshrc, after compinit',
  'primosync completion fish | source      # in ~/.config/fish/config.fish',
]

function add(parent: Command, module: CommandModule, execute: Execute): void {
  const command = parent.command(module.name)
  command.summary(module.summary).description(sentence(module.summary))
  command.addHelpText('after', examplesText(module.examples))
  throwUsageErrors(command)
  if ('commands' in module) {
    for (const action of module.commands) add(command, action, execute)
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
  command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`

const sentence = (text: string) =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}`.replace(/[.?]?$/, (end) => end || '.')

const SETTINGS_TEXT = [
  '',
  'Settings, from the environment or the config file (which also takes accounts):',
  ...SETTING_NAMES.map((name) => `  ${name}`),
].join('\n')

const examplesText = (examples: readonly string[]) =>
  ['', examples.length === 1 ? 'Example:' : 'Examples:', ...examples.map((line) => `  $ ${line}`)].join('\n')
