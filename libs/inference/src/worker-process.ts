import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { join } from 'node:path';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { frameOf } from './batch-frames';
import {
  BATCH_PIPE,
  type BatchItem,
  type FromWorker,
  type ItemResult,
  type LoadedMessage,
  type LoadFault,
  type LoadMessage,
} from './messages';
import { WORKER_FLAGS, workerEnvironment } from './worker-environment';

/** By how much workers are nicer than the server, as of setpriority(2). */
const NICER_BY = 5;
const NICEST = 19;
/** By how much workers are rather ended than the server, in thousandths of the memory that there is. */
const SOONER = { loading: 600, serving: 300 };
const SOONEST = 1000;

/** The process is gone and took its batches with it. They may be tried elsewhere. */
export class WorkerLostError extends Error {}

/** The model cannot be served; another process would fail in the same way. */
export class LoadFailedError extends Error {
  constructor(
    message: string,
    readonly fault: LoadFault,
  ) {
    super(message);
  }
}

export interface WorkerProcessOptions {
  load: LoadMessage;
  /** Compiled entry file of the worker. */
  entry: string;
  loadTimeoutMs: number;
  /** A batch that takes longer means that the process hangs: it is killed. */
  batchTimeoutMs: number;
  /** Called for each line that native code writes to stderr. */
  onStderr?: (line: string) => void;
  /** Ends a process that is still loading. */
  signal?: AbortSignal;
}

interface Pending {
  resolve: (items: ItemResult[]) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
}

/** The server's end of one worker: a child process that has loaded one model version. */
export class WorkerProcess {
  private readonly pending = new Map<number, Pending>();
  private nextBatch = 1;
  private stderrTail: string[] = [];
  private closing = false;
  private readonly batches: Socket;
  /** What the process last said of its memory, bytes. */
  rssBytes = 0;
  /** Resolves, in words, when the process is gone, whatever the reason. */
  readonly exited: Promise<string>;

  private constructor(
    private readonly child: ChildProcess,
    private readonly options: WorkerProcessOptions,
  ) {
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        const hint = signal === 'SIGKILL' && !this.closing ? ', as the kernel does where memory runs out' : '';
        const reason = signal ? `was killed by ${signal}${hint}` : `exited with code ${code}`;
        const said = this.stderrTail.length > 0 ? `; it said: ${this.stderrTail.join(' | ')}` : '';
        this.rejectPending(`the worker ${reason}${said}`);
        resolve(`${reason}${said}`);
      });
    });
    const lines = createInterface({ input: child.stderr! });
    lines.on('line', (line) => {
      this.stderrTail = [...this.stderrTail.slice(-4), line];
      options.onStderr?.(line);
    });
    // A write to a process that just died; its exit tells the rest.
    child.on('error', () => undefined);
    this.batches = child.stdio[BATCH_PIPE] as Socket;
    this.batches.on('error', (error) => {
      // Before its exit is known; what is tried again must not be given to it again.
      this.kill();
      this.rejectPending(`the worker is gone: ${error.message}`);
    });
  }

  /**
   * Starts a process and has it load the model and warm up.
   * @throws LoadFailedError when the model is at fault, WorkerLostError when the process died or took too long.
   */
  static async start(options: WorkerProcessOptions): Promise<{ worker: WorkerProcess; loaded: LoadedMessage }> {
    const child = fork(options.entry, [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc', 'pipe'],
      execArgv: WORKER_FLAGS,
      // eslint-disable-next-line no-restricted-properties -- a worker gets the server's environment, whatever it is
      env: workerEnvironment(process.env),
    });
    stepBack(child.pid);
    offerToKernel(child.pid, SOONER.loading);
    const worker = new WorkerProcess(child, options);
    const abort = (): void => worker.kill();
    options.signal?.addEventListener('abort', abort);
    try {
      const loaded = await worker.load();
      offerToKernel(child.pid, SOONER.serving);
      return { worker, loaded };
    } catch (error) {
      worker.kill();
      throw error;
    } finally {
      options.signal?.removeEventListener('abort', abort);
    }
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Batches sent and not yet answered. */
  get batchesInFlight(): number {
    return this.pending.size;
  }

  get isUsable(): boolean {
    return !this.closing && this.child.connected;
  }

  /** Answers with one result per item. @throws WorkerLostError */
  run(items: BatchItem[]): Promise<ItemResult[]> {
    const batch = this.nextBatch++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.stderrTail.push(`no answer to a batch within ${this.options.batchTimeoutMs} ms`);
        this.kill();
      }, this.options.batchTimeoutMs);
      this.pending.set(batch, { resolve, reject, timer });
      this.write(frameOf({ batch, items }));
    });
  }

  /** Lets the process finish what it has, then ends it; after `graceMs` by force. Resolves when it is gone. */
  async stop(graceMs: number): Promise<void> {
    this.closing = true;
    this.batches.end();
    const timer = setTimeout(() => this.kill(), graceMs);
    await this.exited;
    clearTimeout(timer);
  }

  kill(): void {
    this.closing = true;
    this.child.kill('SIGKILL');
  }

  private load(): Promise<LoadedMessage> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new WorkerLostError(`the model did not load within ${this.options.loadTimeoutMs} ms`));
      }, this.options.loadTimeoutMs);
      void this.exited.then((reason) => reject(new WorkerLostError(`while it loaded the model, the worker ${reason}`)));
      this.child.on('message', (message: FromWorker) => {
        switch (message.type) {
          case 'loaded':
            clearTimeout(timer);
            this.rssBytes = message.rssBytes;
            return resolve(message);
          case 'load-failed':
            clearTimeout(timer);
            return reject(new LoadFailedError(message.detail, message.fault));
          case 'result':
            return this.settle(message.batch, message.items);
          case 'memory':
            this.rssBytes = message.rssBytes;
        }
      });
      void this.exited.then(() => clearTimeout(timer));
      this.child.send(this.options.load);
    });
  }

  private settle(batch: number, items: ItemResult[]): void {
    const pending = this.pending.get(batch);
    if (!pending) return;
    this.pending.delete(batch);
    clearTimeout(pending.timer);
    pending.resolve(items);
  }

  /** As one piece, where the system can. */
  private write(parts: Uint8Array[]): void {
    this.batches.cork();
    for (const part of parts) this.batches.write(part);
    this.batches.uncork();
  }

  private fail(batch: number, detail: string): void {
    const pending = this.pending.get(batch);
    if (!pending) return;
    this.pending.delete(batch);
    clearTimeout(pending.timer);
    pending.reject(new WorkerLostError(detail));
  }

  private rejectPending(detail: string): void {
    for (const batch of [...this.pending.keys()]) this.fail(batch, detail);
  }
}

/**
 * Where all cores are busy with images, the server still answers at once what needs none: probes, metrics, refusals.
 * Between themselves workers are equal.
 */
function stepBack(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, Math.min(getPriority() + NICER_BY, NICEST));
  } catch {
    // It has ended already, or the system does not let us: it works without.
  }
}

/**
 * Where memory runs out, the kernel is to end a worker and not the server, and rather one that still loads, for which nobody
 * waits, than one that serves (proc_pid_oom_score_adj(5)).
 */
function offerToKernel(pid: number | undefined, sooner: number): void {
  try {
    const own = Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(Math.min(own + sooner, SOONEST)));
  } catch {
    // It has ended already, or this is no Linux: it works without.
  }
}

/** The compiled worker beside this file, or, when the sources run (in tests), the one of the last build. */
export function workerEntry(): string {
  return __filename.endsWith('.ts')
    ? join(__dirname, '../../../dist/libs/inference/src/worker/main.js')
    : join(__dirname, 'worker/main.js');
}
