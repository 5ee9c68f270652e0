import { Command } from 'commander';
import { backupCommand } from './backup/backup.command';
import { restoreCommand } from './backup/restore.command';
import { completionCommand } from './completion/completion.command';
import type { Surroundings } from './environment';
import { evaluateCommand } from './evaluate/evaluate.command';
import { keysCommand } from './keys.command';
import { modelsCommand } from './models/models.command';
import { packageVersion } from './package-root';
import { predictCommand } from './predict/predict.command';
import { serveCommand } from './serve.command';
import { aliasCommand } from './traffic/alias.command';
import { canaryCommand } from './traffic/canary.command';
import { policyCommand } from './traffic/policy.command';
import { shadowCommand } from './traffic/shadow.command';
import { tuneCommand } from './tune/tune.command';

/** The command `eyrie` with all that belongs to it. */
export function eyrieCommand(around: Surroundings): Command {
  return (
    new Command('eyrie')
      .description('Serves models, and looks after what is served: a registry in a folder, or a running server.')
      .version(packageVersion(), '--version', 'print the version of Eyrie')
      // Without this, the program takes the --version of its commands for its own.
      .enablePositionalOptions()
      .addCommand(serveCommand(around))
      .addCommand(predictCommand(around))
      .addCommand(modelsCommand(around, around.signatures, around.mirror))
      .addCommand(aliasCommand(around))
      .addCommand(policyCommand(around))
      .addCommand(shadowCommand(around))
      .addCommand(canaryCommand(around))
      .addCommand(evaluateCommand(around))
      .addCommand(tuneCommand(around))
      .addCommand(backupCommand(around))
      .addCommand(restoreCommand(around))
      .addCommand(keysCommand())
      .addCommand(completionCommand())
  );
}
