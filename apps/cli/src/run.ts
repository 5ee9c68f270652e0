import { CommanderError } from 'commander';
import { EyrieError } from '#core';
import { LoadFailedError, WorkerLostError } from '#inference';
import { DownloadError, InvalidCatalogError } from '#authoring';
import { InvalidKeyError, InvalidPolicyError, InvalidVersionError, RegistryUnreadableError } from '#registry';
import { type Environment, readSurroundings } from './environment';
import { Failure } from './failure';
import { packageRoot } from './package-root';
import { eyrieCommand } from './program';
import { UsageError } from './usage-error';
import { HINT, tellOfWrongCalls } from './wrong-calls';

/** Errors that say by themselves what to do; anything else is a fault of ours and shows its stack. */
const EXPECTED = [
  DownloadError,
  EyrieError,
  Failure,
  InvalidCatalogError,
  InvalidKeyError,
  InvalidPolicyError,
  InvalidVersionError,
  LoadFailedError,
  RegistryUnreadableError,
  WorkerLostError,
];

/**
 * Does what was typed. Everything that it says goes through `console`.
 * @param args what stands behind `eyrie`
 * @returns the exit code: 0 done, 1 understood but not done, 2 called wrongly, 130 stopped by a signal
 */
export async function run(args: readonly string[], env: Environment): Promise<number> {
  const before = process.exitCode;
  process.exitCode = undefined;
  try {
    const program = eyrieCommand(readSurroundings(env, process.cwd(), packageRoot()));
    await tellOfWrongCalls(program).parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return tell(error);
  } finally {
    process.exitCode = before;
  }
}

function tell(error: unknown): number {
  // Commander has said all there is to say; it throws for --help and --version, too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UsageError) {
    console.error(`eyrie: ${error.message}\n${HINT}`);
    return 2;
  }
  const expected = EXPECTED.some((type) => error instanceof type);
  console.error(`eyrie: ${expected ? (error as Error).message : ((error as Error).stack ?? String(error))}`);
  return 1;
}
