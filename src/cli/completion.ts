// Scripts that complete commands, options and their choices in a shell, made from the program's commands, so that the
// program does not run while the user types. `primosync completion SHELL` prints one.
import type { Command } from 'commander'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** A word that can come next, with what it means. */
interface Word {
  readonly text: string
  readonly meaning: string
}

/** What can follow a command on the command line. */
interface Place {
  /** The command's names, without the program's: `category add`. */
  readonly path: string
  readonly commands: readonly Word[]
  readonly options: readonly Word[]
  /** The choices of an option, by its name (`--by`), or of the argument, by the empty name. None: anything. */
  readonly choices: ReadonlyMap<string, readonly string[]>
}

/** The script for a shell, completing what `program` knows. */
export function completionScript(program: Command, shell: Shell): string {
  const places = placesOf(program, '')
  return { bash, zsh, fish }[shell](program.name(), places)
}

function placesOf(command: Command, path: string): Place[] {
  const help = command.createHelp()
  const commands = help.visibleCommands(command)
  const options = [
    ...help.visibleOptions(command),
    ...(command.parent ? help.visibleGlobalOptions(command) : []),
  ]
  const given = [
    ...options.flatMap(({ long, required, argChoices = [] }) =>
      long && required ? [[long, argChoices] as const] : [],
    ),
    ...command.registeredArguments.flatMap(({ argChoices }) =>
      argChoices ? [['', argChoices] as const] : [],
    ),
  ]
  const place = {
    path,
    commands: commands.map((one) => ({ text: one.name(), meaning: one.summary() || one.description() })),
    options: options.flatMap(({ long, description }) => (long ? [{ text: long, meaning: description }] : [])),
    choices: new Map(given),
  }
  const inner = command.commands.flatMap((one) => placesOf(one, `${path} ${one.name()}`.trim()))
  return [place, ...inner]
}

/** A text in quotes, which no shell expands. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

const words = (list: readonly (Word | string)[]) =>
  list.map((word) => (typeof word === 'string' ? word : word.text)).join(' ')

/** Reads the words before the cursor as long as they name a command. */
const steps = (places: readonly Place[]) =>
  places
    .filter(({ path }) => path !== '')
    .map(({ path }) => quoted(path))
    .join('|')

function bash(name: string, places: readonly Place[]): string {
  const choices = places.flatMap(({ path, choices }) =>
    [...choices].map(([before, list]) => {
      const place = quoted(before === '' ? `${path} ` : `${path} ${before}`)
      return `    ${place}) COMPREPLY=($(compgen -W ${quoted(words(list))} -- "$current")); return ;;`
    }),
  )
  const rest = places.map(({ path, commands, options }) => {
    return `    ${quoted(path)}) candidates=${quoted(words([...commands, ...options]))} ;;`
  })
  return `# bash completion for ${name}. Load it with: source <(${name} completion bash)
_${name}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" place='' word candidates=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${place:+$place }$word" in
    ${steps(places)}) place="\${place:+$place }$word" ;;
    esac
  done
  [[ $previous == -* ]] || previous=''
  [[ $current == -* ]] && previous=''
  case "$place $previous" in
${choices.join('\n')}
  esac
  case "$place" in
${rest.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$candidates" -- "$current"))
}
complete -o default -F _${name} ${name}
`
}

function zsh(name: string, places: readonly Place[]): string {
  const described = (list: readonly Word[]) =>
    list.map(({ text, meaning }) => quoted(`${text.replaceAll(':', '\\:')}:${meaning}`)).join(' ')
  const choices = places.flatMap(({ path, choices }) =>
    [...choices].map(([before, list]) => {
      return `    ${quoted(`${path} ${before}`)}) ${list.length > 0 ? `compadd -- ${words(list)}` : '_files'}; return ;;`
    }),
  )
  const rest = places.map(({ path, commands, options }) => {
    return `    ${quoted(path)}) commands=(${described(commands)}); options=(${described(options)}) ;;`
  })
  return `#compdef ${name}
# zsh completion for ${name}. Load it with: source <(${name} completion zsh)
_${name}() {
  local place='' word previous="\${words[CURRENT-1]}"
  local -a commands options
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${place:+$place }$word" in
    ${steps(places)}) place="\${place:+$place }$word" ;;
    esac
  done
  [[ $previous == -* ]] || previous=''
  [[ "\${words[CURRENT]}" == -* ]] && previous=''
  case "$place $previous" in
${choices.join('\n')}
  esac
  case "$place" in
${rest.join('\n')}
  esac
  (( $#commands )) && _describe -t commands command commands
  _describe -t options option options
  (( $#commands )) || _files
}
compdef _${name} ${name}
`
}

function fish(name: string, places: readonly Place[]): string {
  const at = (path: string) => `-n ${quoted(`__${name}_at ${quoted(path)}`)}`
  const lines = places.flatMap(({ path, commands, options, choices }) => [
    ...(commands.length > 0 ? [`complete -c ${name} ${at(path)} -f`] : []),
    ...commands.map(({ text, meaning }) => {
      return `complete -c ${name} ${at(path)} -a ${quoted(text)} -d ${quoted(meaning)}`
    }),
    ...options.map(({ text, meaning }) => {
      const list = choices.get(text)
      const values = list === undefined ? '' : list.length > 0 ? ` -x -a ${quoted(words(list))}` : ' -r'
      return `complete -c ${name} ${at(path)} -l ${quoted(text.slice(2))}${values} -d ${quoted(meaning)}`
    }),
    ...(choices.has('') ? [`complete -c ${name} ${at(path)} -f -a ${quoted(words(choices.get('')!))}`] : []),
  ])
  return `# fish completion for ${name}. Load it with: ${name} completion fish | source
function __${name}_at
    set -l place
    for word in (commandline -opc)[2..]
        switch (string join -- ' ' $place $word)
            case ${steps(places).replaceAll('|', ' ')}
                set -a place $word
        end
    end
    test "$place" = "$argv[1]"
end
${lines.join('\n')}
`
}
