import { Argument, Command } from 'commander';
import { completedCommands } from './commands';
import { completionScript, type Shell, SHELLS } from './scripts';

export function completionCommand(): Command {
  return new Command('completion')
    .description('Prints a script that has a shell complete this command.')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .addHelpText('after', '\nExample:\n  source <(eyrie completion bash)')
    .action((shell: Shell, _options: object, command: Command) => {
      const program = command.parent!;
      console.log(completionScript(shell, program.name(), completedCommands(program)));
    });
}
