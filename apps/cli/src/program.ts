import { Command } from 'commander';
import type { Surroundings } from './environment';
import { evaluateCommand } from './evaluate/evaluate.command';
import { keysCommand } from './keys.command';
import { modelsCommand } from './models/models.command';
import { packageVersion } from './package-root';
import { aliasCommand } from './traffic/alias.command';
import { canaryCommand } from './traffic/canary.command';
import { policyCommand } from './traffic/policy.command';
import { tuneCommand } from './tune/tune.command';

/** The command `eyrie` with all that belongs to it. */
export function eyrieCommand(around: Surroundings): Command {
  return (
    new Command('eyrie')
      .description('Looks after a model registry.')
      .version(packageVersion(), '--version', 'print the version of Eyrie')
      // Without this, the program takes the --version of its commands for its own.
      .enablePositionalOptions()
      .addCommand(modelsCommand(around, around.mirror))
      .addCommand(aliasCommand(around))
      .addCommand(policyCommand(around))
      .addCommand(canaryCommand(around))
      .addCommand(evaluateCommand(around.registry))
      .addCommand(tuneCommand(around.registry))
      .addCommand(keysCommand())
  );
}
