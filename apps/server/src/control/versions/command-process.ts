import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { EyrieError, type Limit } from '#core';
import { memoryOf } from './process-memory';

export interface CommandLimits {
  /** Milliseconds. */
  time: Limit;
  /** Bytes, of the command and of the workers that it starts, together. */
  memory: Limit;
}

export interface CommandResult {
  /** The exit code. */
  code: number;
  stdout: string;
  stderr: string;
}

/** The command line beside the server in the build; the sources, in tests, take that of the last build. */
const COMMAND_LINE = __filename.endsWith('.ts')
  ? join(__dirname, '../../../../../dist/apps/cli/src/main.js')
  : join(__dirname, '../../../../cli/src/main.js');
/** What a command prints is a page or two. */
const MOST_OUTPUT = 4 * 1024 * 1024;
const LOOK_AT_MEMORY_MS = 250;
/** How long a command may take to tidy up that is told to end. */
const TIDY_UP_MS = 5_000;
/** proc_pid_oom_score_adj(5): where memory runs out, it is to be ended before the server and its workers. */
const OOM_SCORE = 800;
/** What it may not know: the server's secrets, what would send it to another registry, and what it is told by flags. */
const KEPT_BACK = /^(\w+_API_KEYS|REDIS_URL|OTEL_\w+|EYRIE_\w+|MODEL_REGISTRY|MODEL_PUBLIC_KEYS|MODEL_SIGNATURES)$/;

/**
 * Runs the command line in a process of its own: what it loads, what a hostile file makes of it and how long it takes cost the server
 * nothing.
 * @param signal ends it early
 * @throws EyrieError DEADLINE_EXCEEDED, INVALID_MODEL when it is over a limit; the signal's reason
 */
export async function runCommand(
  args: readonly string[],
  folder: string,
  limits: CommandLimits,
  signal: AbortSignal,
): Promise<CommandResult> {
  signal.throwIfAborted();
  const heapMib = Math.max(64, Math.floor(limits.memory.value / 2 / 1024 / 1024));
  const child = spawn(process.execPath, [`--max-old-space-size=${heapMib}`, COMMAND_LINE, ...args], {
    cwd: folder,
    env: environment(),
    // Of a group of its own, so that its workers are ended with it. It ends itself when the channel to a server that is no more closes.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const said = { stdout: '', stderr: '' };
  let failure: unknown;
  const end = (why: unknown): void => {
    failure ??= why;
    endGently(child);
  };
  const keep = (stream: 'stdout' | 'stderr') => (text: Buffer) => {
    if (said[stream].length < MOST_OUTPUT) said[stream] += text.toString();
  };
  child.stdout!.on('data', keep('stdout'));
  child.stderr!.on('data', keep('stderr'));
  const onAbort = (): void => end(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const time = setTimeout(() => end(tooSlow(limits.time)), limits.time.value);
  const look = setInterval(() => {
    if (memoryOf(child.pid!) > limits.memory.value) end(tooLarge(limits.memory));
  }, LOOK_AT_MEMORY_MS);
  try {
    const code = await exitOf(child);
    if (failure !== undefined) throw failure;
    if (code === undefined)
      throw new EyrieError('INVALID_MODEL', `the check was ended by the system: ${lastLine(said.stderr)}`);
    return { code, ...said };
  } finally {
    signal.removeEventListener('abort', onAbort);
    clearTimeout(time);
    clearInterval(look);
  }
}

/** undefined when a signal ended it. @throws the system's error when it cannot be started */
function exitOf(child: ChildProcess): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => giveWay(child.pid!));
    child.once('close', (code) => resolve(code ?? undefined));
  });
}

function giveWay(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
    const own = Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(Math.min(1000, own + OOM_SCORE)));
  } catch {
    // It has ended already, or this is no Linux: it works without.
  }
}

function endGently(child: ChildProcess): void {
  kill(child.pid, 'SIGTERM');
  const timer = setTimeout(() => kill(child.pid, 'SIGKILL'), TIDY_UP_MS);
  child.once('close', () => clearTimeout(timer));
}

/** The command with its workers. */
function kill(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}

function environment(): NodeJS.ProcessEnv {
  // eslint-disable-next-line no-restricted-properties -- a command gets the server's environment, but for what it may not know
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !KEPT_BACK.test(name)));
}

function tooSlow(bound: Limit): EyrieError {
  return new EyrieError('DEADLINE_EXCEEDED', `the check took longer than ${bound.value} ms and was ended`, { bound });
}

function tooLarge(bound: Limit): EyrieError {
  const detail = `the model needs more than ${bound.value} bytes to be checked, so the check was ended`;
  return new EyrieError('INVALID_MODEL', detail, { bound });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.slice(0, 500) || 'it said nothing';
}
