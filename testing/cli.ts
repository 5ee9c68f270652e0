import { spawn } from 'node:child_process';
import { join } from 'node:path';

const ENTRY = join(__dirname, '../dist/apps/cli/src/main.js');

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
  /** What `--json` printed. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly json: any;
}

/**
 * Runs the built `eyrie` command, with nothing of this process's environment but PATH.
 * @param cwd where it is called; here when left out
 */
export function eyrie(
  args: readonly (string | number)[],
  env: Record<string, string> = {},
  cwd?: string,
): Promise<CliResult> {
  const child = spawn(process.execPath, [ENTRY, ...args.map(String)], {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (text: Buffer) => (said.stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (said.stderr += text.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) =>
      resolve({
        code,
        ...said,
        get json() {
          return JSON.parse(said.stdout) as unknown;
        },
      }),
    );
  });
}
