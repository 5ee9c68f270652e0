import type { Command } from 'commander';

export const HINT = '(add --help for how to use it)';

/**
 * Has a command and all below it tell of a wrong call in the voice of the other errors, with the hint, and throw a
 * CommanderError instead of ending the process: with 1, as if it had been understood. Commander does not hand such
 * settings down to commands that are added ready-made.
 * @param tell who is told, with the hint
 */
export function tellOfWrongCalls(command: Command, tell: (text: string) => void = console.error): Command {
  const line = (text: string): string => text.replace(/\n$/, '');
  command
    .exitOverride()
    .showHelpAfterError(HINT)
    .configureOutput({
      writeOut: (text) => console.log(line(text)),
      writeErr: (text) => tell(line(text)),
      outputError: (text, write) => write(text.replace(/^error: /, 'eyrie: ')),
    });
  for (const below of command.commands) tellOfWrongCalls(below, tell);
  return command;
}
