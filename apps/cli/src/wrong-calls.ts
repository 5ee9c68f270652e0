import type { Command } from 'commander';

export const HINT = '(add --help for how to use it)';

/**
 * Has a command and all below it tell of a wrong call in the voice of the other errors, with the hint, and throw a
 * CommanderError instead of ending the process: with 1, as if it had been understood. Commander does not hand such
 * settings down to commands that are added ready-made.
 */
export function tellOfWrongCalls(command: Command): Command {
  const line = (text: string): string => text.replace(/\n$/, '');
  command
    .exitOverride()
    .showHelpAfterError(HINT)
    .configureOutput({
      writeOut: (text) => console.log(line(text)),
      writeErr: (text) => console.error(line(text)),
      outputError: (text, write) => write(text.replace(/^error: /, 'eyrie: ')),
    });
  command.commands.forEach(tellOfWrongCalls);
  return command;
}
