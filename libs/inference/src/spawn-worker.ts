import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import type { Readable } from 'node:stream';
import type { Socket } from 'node:net';
import { BATCH_PIPE } from './messages';
import { WORKER_FLAGS, workerEnvironment } from './worker-environment';
import { withLimits } from './worker-limits';

/** What is added to the server's nice value, of setpriority(2), for its workers. */
const WORKER_NICENESS = 5;
const MAX_NICENESS = 19;
/** What is added to the server's oom_score_adj for its workers, thousandths of the memory that there is. */
const WORKER_OOM_SCORE = { loading: 600, serving: 300 };
const MAX_OOM_SCORE = 1000;

/** Those that have not ended yet. */
const running = new Set<ChildProcess>();

/** A worker that the system has started: only such a process has a pid, and pipes. */
export interface SpawnedWorker {
  child: ChildProcess;
  pid: number;
  stderr: Readable;
  batches: Socket;
}

/**
 * Starts a worker that has not loaded anything yet.
 * @param entry compiled entry file
 * @param execPath the Node to run it with
 * @throws the system's error when there is no such process: EAGAIN, ENOMEM, EMFILE, ENOENT, ...
 */
export async function spawnWorker(entry: string, execPath = process.execPath): Promise<SpawnedWorker> {
  const child = spawn(...withLimits(execPath, [...WORKER_FLAGS, entry]), {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc', 'pipe'],
    // eslint-disable-next-line no-restricted-properties -- most of it is not described: it is the system's and the libraries'
    env: workerEnvironment(process.env),
  });
  // Some errors spawn() throws, and some it emits, with or without pipes; until the one or the other nothing of `child` can be used.
  await once(child, 'spawn');
  running.add(child);
  child.once('exit', () => running.delete(child));
  const pid = child.pid!;
  lowerPriority(pid);
  setOomScore(pid, 'loading');
  return { child, pid, stderr: child.stderr!, batches: child.stdio[BATCH_PIPE] as Socket };
}

/** Ends all workers of this process at once, for when it ends itself. */
export function endAllWorkers(): void {
  for (const child of running) child.kill('SIGKILL');
}

/**
 * Where all cores are busy with images, the server still answers at once what needs none: probes, metrics, refusals.
 * Between themselves workers are equal.
 */
function lowerPriority(pid: number): void {
  try {
    setPriority(pid, Math.min(getPriority() + WORKER_NICENESS, MAX_NICENESS));
  } catch {
    // It has ended already, or the system does not let us: it works without.
  }
}

/**
 * Where memory runs out, the kernel is to end a worker and not the server, and rather one that still loads, for which nobody
 * waits, than one that serves (proc_pid_oom_score_adj(5)).
 */
export function setOomScore(pid: number, state: keyof typeof WORKER_OOM_SCORE): void {
  try {
    const own = Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(Math.min(own + WORKER_OOM_SCORE[state], MAX_OOM_SCORE)));
  } catch {
    // It has ended already, or this is no Linux: it works without.
  }
}
