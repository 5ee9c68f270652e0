import type { CompletedCommand } from './commands';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A script that has a shell complete the commands, their options, and files where neither fits. Nothing runs while somebody types. */
export function completionScript(shell: Shell, name: string, commands: readonly CompletedCommand[]): string {
  return { bash, zsh, fish }[shell](name, commands);
}

function bash(name: string, commands: readonly CompletedCommand[]): string {
  const cases = commands.map(
    (command) =>
      `      ${quoted(command.path)}) words=${listed(wordsOf(command))} flags=${listed(flagsOf(command))} ;;`,
  );
  const choices = choicesOf(commands).map(([flag, values]) => `    ${flag}) choices=${listed(values)} ;;`);
  return `# Completion of ${name} for bash: ${name} completion bash > ~/.local/share/bash-completion/completions/${name}
_${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} path='' words='' flags='' choices='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case ${quoted(`|${pathsOf(commands).join('|')}|`)} in
      *"|\${path:+$path }$word|"*) path="\${path:+$path }$word" ;;
    esac
  done
  case $previous in
${choices.join('\n')}
  esac
  case $path in
${cases.join('\n')}
  esac
  [[ $current == -* ]] && words=$flags
  COMPREPLY=($(compgen -W "\${choices:-$words}" -- "$current"))
}
complete -o default -F _${name} ${name} ./${name}`;
}

function zsh(name: string, commands: readonly CompletedCommand[]): string {
  const cases = commands.map((command) => {
    const names = command.subcommands.map(({ name: sub, description }) => quoted(`${sub}:${description}`));
    const options = command.options.flatMap(({ flags, description }) =>
      flags.map((flag) => quoted(`${flag}:${description}`)),
    );
    return `    ${quoted(command.path)}) words=(${[...names, ...command.words, ...options].join(' ')}) ;;`;
  });
  const choices = choicesOf(commands).map(([flag, values]) => `    ${flag}) compadd -- ${values.join(' ')}; return ;;`);
  return `#compdef ${name}
# Completion of ${name} for zsh: ${name} completion zsh > a folder of $fpath, as _${name}
_${name}() {
  local path_='' word
  local -a known words
  known=(${pathsOf(commands).map(quoted).join(' ')})
  for word in "\${(@)words_before[2,-1]}"; do
    if (( \${known[(Ie)\${path_:+$path_ }$word]} )); then path_="\${path_:+$path_ }$word"; fi
  done
  case \${words_before[-1]} in
${choices.join('\n')}
  esac
  case $path_ in
${cases.join('\n')}
  esac
  _describe ${name} words
  _files
}
_${name}_start() {
  local -a words_before
  words_before=("\${(@)words[1,CURRENT-1]}")
  _${name}
}
compdef _${name}_start ${name} ./${name}`;
}

function fish(name: string, commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap((command) => {
    const when = `-n ${quoted(`_${name}_at ${quotedTwice(command.path)}`)}`;
    const names = command.subcommands.map(
      ({ name: sub, description }) => `complete -c ${name} ${when} -f -a ${sub} -d ${quoted(description)}`,
    );
    const options = command.options.map(({ flags, description, takesValue, choices }) => {
      const spelled = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
      const value = choices.length > 0 ? ` -x -a ${quoted(choices.join(' '))}` : takesValue ? ' -r' : '';
      return `complete -c ${name} ${when} ${spelled.join(' ')} -d ${quoted(description)}${value}`;
    });
    const words = command.words.map((word) => `complete -c ${name} ${when} -f -a ${word}`);
    return [...names, ...words, ...options];
  });
  return `# Completion of ${name} for fish: ${name} completion fish > ~/.config/fish/completions/${name}.fish
function _${name}_at
  set -l path
  for word in (commandline -opc)[2..]
    if contains -- (string join -- ' ' $path $word) ${pathsOf(commands).map(quoted).join(' ')}
      set path $path $word
    end
  end
  test "$path" = "$argv[1]"
end
${lines.join('\n')}`;
}

function wordsOf({ subcommands, words }: CompletedCommand): string[] {
  return [...subcommands.map(({ name }) => name), ...words];
}

function flagsOf({ options }: CompletedCommand): string[] {
  return options.flatMap(({ flags }) => flags);
}

function listed(words: readonly string[]): string {
  return quoted(words.join(' '));
}

function pathsOf(commands: readonly CompletedCommand[]): string[] {
  return commands.map(({ path }) => path).filter((path) => path !== '');
}

/** What may stand behind an option, where that is a few words; the same option has the same ones in all commands. */
function choicesOf(commands: readonly CompletedCommand[]): [flag: string, choices: readonly string[]][] {
  const options = commands.flatMap((command) => command.options).filter(({ choices }) => choices.length > 0);
  const pairs = options.flatMap(({ flags, choices }) => flags.map((flag) => [flag, choices] as const));
  return [...new Map(pairs)];
}

function quoted(text: string): string {
  return `'${text}'`;
}

function quotedTwice(text: string): string {
  return `"${text}"`;
}
