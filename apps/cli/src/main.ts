import 'reflect-metadata';
import { Command, CommanderError } from 'commander';
import dotenv from 'dotenv';
import { EyrieError } from '#core';
import { LoadFailedError, WorkerLostError } from '#inference';
import { DownloadError, InvalidCatalogError } from '#authoring';
import { InvalidPolicyError, InvalidVersionError, RegistryUnreadableError } from '#registry';
import { evaluateCommand } from './evaluate/evaluate.command';
import { Failure } from './failure';
import { keysCommand } from './keys.command';
import { modelsCommand } from './models/models.command';
import { packageVersion } from './package-root';
import { aliasCommand } from './traffic/alias.command';
import { canaryCommand } from './traffic/canary.command';
import { policyCommand } from './traffic/policy.command';
import { tuneCommand } from './tune/tune.command';
import { UsageError } from './usage-error';
import { HINT, tellOfWrongCalls } from './wrong-calls';

/** Errors that say by themselves what to do; anything else is a fault of ours and shows its stack. */
const EXPECTED = [
  DownloadError,
  EyrieError,
  Failure,
  InvalidCatalogError,
  InvalidPolicyError,
  InvalidVersionError,
  LoadFailedError,
  RegistryUnreadableError,
  WorkerLostError,
];

// As the server does, or the two would look after different registries.
dotenv.config({ quiet: true });

// An empty variable counts as not set, as it does for the server.
const defaults = {
  registry: process.env.MODEL_REGISTRY || './model-registry',
  server: process.env.EYRIE_SERVER || undefined,
  key: process.env.EYRIE_KEY || undefined,
};

const program = new Command('eyrie')
  .description('Looks after a model registry.')
  .version(packageVersion(), '--version', 'print the version of Eyrie')
  // Without this, the program takes the --version of its commands for its own.
  .enablePositionalOptions()
  .addCommand(modelsCommand(defaults, process.env.EYRIE_MODEL_MIRROR || undefined))
  .addCommand(aliasCommand(defaults))
  .addCommand(policyCommand(defaults))
  .addCommand(canaryCommand(defaults))
  .addCommand(evaluateCommand(defaults.registry))
  .addCommand(tuneCommand(defaults.registry))
  .addCommand(keysCommand());

tellOfWrongCalls(program);
program.parseAsync().catch((error: unknown) => {
  if (error instanceof CommanderError) {
    // Commander has said all there is to say; it throws for --help and --version, too.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
    return;
  }
  if (error instanceof UsageError) {
    console.error(`eyrie: ${error.message}\n${HINT}`);
    process.exit(2);
  }
  const expected = EXPECTED.some((type) => error instanceof type);
  console.error(`eyrie: ${expected ? (error as Error).message : ((error as Error).stack ?? String(error))}`);
  process.exit(1);
});
