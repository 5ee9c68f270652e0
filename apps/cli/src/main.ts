import 'reflect-metadata';
import { Command } from 'commander';
import { EyrieError, LoadFailedError, WorkerLostError } from '#inference';
import {
  DownloadError,
  InvalidCatalogError,
  InvalidPolicyError,
  InvalidVersionError,
  RegistryUnreadableError,
} from '#registry';
import { UsageError } from './usage-error';
import { evaluateCommand } from './evaluate/evaluate.command';
import { keysCommand } from './keys.command';
import { modelsCommand } from './models/models.command';
import { aliasCommand } from './traffic/alias.command';
import { canaryCommand } from './traffic/canary.command';
import { policyCommand } from './traffic/policy.command';
import { tuneCommand } from './tune/tune.command';

/** Errors that say by themselves what to do; anything else is a fault of ours and shows its stack. */
const EXPECTED = [
  DownloadError,
  EyrieError,
  InvalidCatalogError,
  InvalidPolicyError,
  InvalidVersionError,
  LoadFailedError,
  RegistryUnreadableError,
  UsageError,
  WorkerLostError,
];

// An empty variable counts as not set, as it does for the server.
const defaults = {
  registry: process.env.MODEL_REGISTRY || './model-registry',
  server: process.env.EYRIE_SERVER || undefined,
  key: process.env.EYRIE_KEY || undefined,
};

const program = new Command('eyrie')
  .description('Looks after a model registry.')
  .showHelpAfterError('(add --help for how to use it)')
  .addCommand(modelsCommand(defaults, process.env.EYRIE_MODEL_MIRROR || undefined))
  .addCommand(aliasCommand(defaults))
  .addCommand(policyCommand(defaults))
  .addCommand(canaryCommand(defaults))
  .addCommand(evaluateCommand(defaults.registry))
  .addCommand(tuneCommand(defaults.registry))
  .addCommand(keysCommand());

program.parseAsync().catch((error: unknown) => {
  const expected = EXPECTED.some((type) => error instanceof type);
  console.error(`eyrie: ${expected ? (error as Error).message : ((error as Error).stack ?? String(error))}`);
  process.exit(error instanceof UsageError ? 2 : 1);
});
