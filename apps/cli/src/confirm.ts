import { createInterface } from 'node:readline/promises';
import { Failure } from './failure';
import { UsageError } from './usage-error';

export interface ConfirmOptions {
  yes?: boolean;
}

/** The text of the option that goes with it. */
export const YES: [flags: string, description: string] = ['-y, --yes', 'do not ask first'];

/**
 * Asks before something that cannot be undone. Where there is nobody to ask, it takes `--yes`.
 * @param what is going to happen, such as `this removes m version 4, for good`
 * @throws UsageError where there is no terminal, Failure when the answer is no
 */
export async function confirm(what: string, { yes }: ConfirmOptions): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new UsageError(`${what}; there is no terminal to ask on, so say that you mean it with --yes`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${what}. Go on? [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new Failure('nothing was done');
  } finally {
    terminal.close();
  }
}
