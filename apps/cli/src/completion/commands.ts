import type { Command, Option } from 'commander';

/** A command as a shell completes it. */
export interface CompletedCommand {
  /** The words that lead to it: `models add`; the empty text is the program itself. */
  path: string;
  subcommands: { name: string; description: string }[];
  /** What its arguments may be, where that is a few words. */
  words: readonly string[];
  options: { flags: string[]; description: string; takesValue: boolean; choices: readonly string[] }[];
}

/** The command and all below it, hidden ones left out. */
export function completedCommands(program: Command, path = ''): CompletedCommand[] {
  const shown = program.createHelp().visibleCommands(program);
  const options = program.createHelp().visibleOptions(program).map(describeOption);
  const subcommands = shown.map((command) => ({ name: command.name(), description: oneLine(command.description()) }));
  const below = shown
    .filter((command) => command.name() !== 'help')
    .flatMap((command) => completedCommands(command, `${path} ${command.name()}`.trim()));
  const words = program.registeredArguments.flatMap((argument) => argument.argChoices ?? []);
  return [{ path, subcommands, words, options }, ...below];
}

function describeOption(option: Option) {
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined),
    description: oneLine(option.description),
    takesValue: option.required || option.optional,
    choices: option.argChoices ?? [],
  };
}

/** What stands in quotes in a script of a shell must not end them. */
function oneLine(text: string): string {
  return text.replace(/['"`$\\[\]:]/g, '').replace(/\s+/g, ' ');
}
