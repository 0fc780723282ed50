import type { CompletionCommand, CompletionOption, Values } from './completion-model.js'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** What a shell is to source. */
export function completionScript(shell: Shell, commands: readonly CompletionCommand[]): string {
  return { bash, zsh, fish }[shell](commands)
}

/** Between single quotes, for bash and zsh. */
function quote(text: string): string {
  return `'${text.replaceAll("'", shellQuote)}'`
}

const shellQuote = `'\\''`

/** fish knows escapes there. */
function quoteFish(text: string): string {
  return `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`
}

/** Words in a list that the shell expands once more. */
function listOf(words: readonly string[], quoted = quote): string {
  return quoted(words.map((word) => word.replaceAll(/[^\w.:/@+=-]/g, String.raw`\$&`)).join(' '))
}

/** Patterns of `case` for the commands along a path: `''` run, `kernel` list. */
function pathCases(commands: readonly CompletionCommand[]): string {
  return commands
    .filter(({ path }) => path !== '')
    .map(({ path }) => {
      const at = path.lastIndexOf(' ')
      return quote(`${path.slice(0, Math.max(at, 0))}|${path.slice(at + 1)}`)
    })
    .join(' | ')
}

/** A `case` for each option that takes a value. */
function valueCases(commands: readonly CompletionCommand[], give: (values: Values) => string): string[] {
  return commands.flatMap(({ path, options }) =>
    options.flatMap(({ flags, values }) =>
      values === null
        ? []
        : `    ${flags.map((flag) => quote(`${path}|${flag}`)).join(' | ')}) ${give(values)}; return ;;`,
    ),
  )
}

function flagsOf(options: readonly CompletionOption[]): string {
  return listOf(options.flatMap(({ flags }) => flags))
}

function bash(commands: readonly CompletionCommand[]): string {
  const give = ({ words, files }: Values): string => `_fctorture_give ${listOf(words)} ${files ? '1' : ''}`
  const rest = commands.map(({ path, subcommands, options, values }) => {
    const words = [...subcommands.map(({ name }) => name), ...values.words]
    return `    ${quote(path)}) case $cur in -*) _fctorture_give ${flagsOf(options)} ;; *) ${give({ ...values, words })} ;; esac ;;`
  })
  return `# bash completion for fctorture: source <(fctorture completion bash)
_fctorture_give() {
  COMPREPLY=($(compgen -W "$1" -- "$cur"))
  [ -z "$2" ] || COMPREPLY+=($(compgen -f -- "$cur"))
  # bash breaks words at a colon, and replaces what is behind the last one.
  if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
    COMPREPLY=("\${COMPREPLY[@]#"\${cur%"\${cur##*:}"}"}")
  fi
}
_fctorture() {
  local cur='' path='' previous='' word
  local -a typed
  COMPREPLY=()
  read -ra typed <<<"\${COMP_LINE:0:COMP_POINT}"
  if [[ \${COMP_LINE:COMP_POINT-1:1} != ' ' ]]; then
    cur=\${typed[-1]}
    unset 'typed[-1]'
  fi
  for word in "\${typed[@]:1}"; do
    case "$path|$word" in ${pathCases(commands)}) path="\${path:+$path }$word" ;; esac
    previous=$word
  done
  case "$path|$previous" in
${valueCases(commands, give).join('\n')}
  esac
  case $path in
${rest.join('\n')}
  esac
}
complete -o filenames -F _fctorture fctorture
`
}

function zsh(commands: readonly CompletionCommand[]): string {
  const give = ({ words, files }: Values): string =>
    [
      ...(words.length > 0 ? [`compadd -- ${words.map(quote).join(' ')}`] : []),
      ...(files ? ['_files'] : []),
    ].join('; ') || ':'
  const described = (entries: readonly (readonly [string, string])[]): string =>
    entries.map(([name, says]) => quote(`${name.replaceAll(':', '\\:')}:${says}`)).join(' ')
  const rest = commands.map(({ path, subcommands, options, values }) => {
    const flags = options.flatMap(({ flags, says }) => flags.map((flag) => [flag, says] as const))
    const names = subcommands.map(({ name, says }) => [name, says] as const)
    const words = names.length > 0 ? `list=(${described(names)}); _describe command list` : give(values)
    return `    ${quote(path)}) if [[ $cur == -* ]]; then list=(${described(flags)}); _describe option list; else ${words}; fi ;;`
  })
  return `#compdef fctorture
# zsh completion for fctorture: in a folder of $fpath as _fctorture, or source <(fctorture completion zsh)
_fctorture() {
  local cur=\${words[CURRENT]} at='' previous='' word
  local -a list
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at|$word" in ${pathCases(commands)}) at="\${at:+$at }$word" ;; esac
    previous=$word
  done
  case "$at|$previous" in
${valueCases(commands, give).join('\n')}
  esac
  case $at in
${rest.join('\n')}
  esac
}
compdef _fctorture fctorture
`
}

function fish(commands: readonly CompletionCommand[]): string {
  const lines = commands.flatMap(({ path, subcommands, options, values }) => {
    const here = `complete -c fctorture -n ${quoteFish(`__fctorture_at ${quoteFish(path)}`)}`
    return [
      ...subcommands.map(({ name, says }) => `${here} -a ${quoteFish(name)} -d ${quoteFish(says)}`),
      ...(values.words.length > 0 ? [`${here} -a ${listOf(values.words, quoteFish)}`] : []),
      ...(values.files ? [`${here} -F`] : []),
      ...options.map((option) => `${here} ${fishOption(option)}`),
    ]
  })
  return `# fish completion for fctorture: fctorture completion fish | source
function __fctorture_at
  set -l at ''
  for word in (commandline -opc)[2..]
    switch "$at|$word"
      case ${pathCases(commands).replaceAll(' | ', ' ')}
        set at (string trim "$at $word")
    end
  end
  test "$at" = "$argv[1]"
end
complete -c fctorture -f
${lines.join('\n')}
`
}

function fishOption({ flags, says, values }: CompletionOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`))
  if (values === null) return `${names.join(' ')} -d ${quoteFish(says)}`
  const words = values.words.length > 0 ? ` -a ${listOf(values.words, quoteFish)}` : ''
  return `${names.join(' ')} -r ${values.files ? '-F' : '-f'}${words} -d ${quoteFish(says)}`
}
