import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { format } from 'node:util';
import { run } from '../apps/cli/src/run';

const ENTRY = join(__dirname, '../dist/apps/cli/src/main.js');

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
  /** What `--json` printed. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly json: any;
}

let before: Promise<unknown> = Promise.resolve();

/**
 * Runs the command `eyrie` in this process, with no environment but what is given. One after the other: they say what they have to
 * say to the console of this process, and stand in its folder.
 * @param cwd where it is called; here when left out
 */
export function eyrie(
  args: readonly (string | number)[],
  env: Record<string, string> = {},
  cwd?: string,
): Promise<CliResult> {
  const result = before.then(() => here(args.map(String), env, cwd ?? process.cwd()));
  before = result.catch(() => undefined);
  return result;
}

async function here(args: readonly string[], env: Record<string, string>, cwd: string): Promise<CliResult> {
  const said = { stdout: '', stderr: '' };
  const { log, error } = console;
  const folder = process.cwd();
  console.log = (...parts: unknown[]) => void (said.stdout += `${format(...parts)}\n`);
  console.error = (...parts: unknown[]) => void (said.stderr += `${format(...parts)}\n`);
  process.chdir(cwd);
  try {
    return withJson({ code: await run(args, env), ...said });
  } finally {
    process.chdir(folder);
    Object.assign(console, { log, error });
  }
}

/** The same as a process of its own, the built command with nothing of this process's environment but PATH. */
export function eyrieProcess(
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
    child.on('error', reject).on('close', (code) => resolve(withJson({ code, ...said })));
  });
}

function withJson(ended: Omit<CliResult, 'json'>): CliResult {
  return {
    ...ended,
    get json() {
      return JSON.parse(ended.stdout) as unknown;
    },
  };
}
