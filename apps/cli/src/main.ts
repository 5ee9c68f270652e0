import 'reflect-metadata';
import { Command } from 'commander';
import { EyrieError, LoadFailedError, WorkerLostError } from '#inference';
import { InvalidPolicyError, InvalidVersionError, RegistryUnreadableError } from '#registry';
import { UsageError } from './usage-error';
import { evaluateCommand } from './evaluate/evaluate.command';

/** Errors that say by themselves what to do; anything else is a fault of ours and shows its stack. */
const EXPECTED = [
  EyrieError,
  InvalidPolicyError,
  InvalidVersionError,
  LoadFailedError,
  RegistryUnreadableError,
  UsageError,
  WorkerLostError,
];

const program = new Command('eyrie')
  .description('Looks after a model registry.')
  .showHelpAfterError('(add --help for how to use it)')
  .addCommand(evaluateCommand(process.env.MODEL_REGISTRY ?? './model-registry'));

program.parseAsync().catch((error: unknown) => {
  const expected = EXPECTED.some((type) => error instanceof type);
  console.error(`eyrie: ${expected ? (error as Error).message : ((error as Error).stack ?? String(error))}`);
  process.exit(error instanceof UsageError ? 2 : 1);
});
