import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { limitInWords, type Limit, resolvesWithin, waitWithin } from '#core';
import { frameOf } from './frames';
import type {
  AnswersMessage,
  BatchItem,
  FromWorker,
  ItemAnswer,
  LoadedMessage,
  LoadFault,
  LoadMessage,
} from './messages';
import { PieceReader } from './pieces';
import { countOomKills, isKilledFromOutside } from './outside-kill';
import { setOomScore, spawnWorker, type SpawnedWorker } from './spawn-worker';

/** There is no process: it is gone and took its batches with it, or could not be started. They may be tried elsewhere. */
export class WorkerLostError extends Error {
  /** @param isFromOutside somebody has killed the process, so it says nothing of what it had in hand */
  constructor(
    message: string,
    options?: ErrorOptions,
    readonly isFromOutside = false,
  ) {
    super(message, options);
  }
}

/** The model cannot be served; another process would fail in the same way. */
export class LoadFailedError extends Error {
  constructor(
    message: string,
    readonly fault: LoadFault,
  ) {
    super(message);
  }
}

/** Milliseconds, and the setting that they come from, if any. */
export type WorkerLimit = Pick<Limit, 'value'> & Partial<Limit>;

export interface WorkerProcessOptions {
  load: LoadMessage;
  /** Compiled entry file of the worker. */
  entry: string;
  /** The Node to run it with; this process's own where it is not given. */
  execPath?: string;
  /** Milliseconds. */
  loadTimeout: WorkerLimit;
  /** When nothing more comes of the model file for so many milliseconds, its storage hangs. */
  readTimeout: WorkerLimit;
  /** When nothing is heard of a batch for so long, the process hangs: it is killed. */
  batchTimeoutMs: number;
  /** Called for each line that native code writes to stderr. */
  onStderr?: (line: string) => void;
  /** Ends a process that is still loading. */
  signal?: AbortSignal;
}

/** How a batch is to be treated. */
export interface RunOptions {
  /**
   * `ordinary` batches share a worker's slots; a `costly` input is prepared beside them; with `alone` the worker has nothing else
   * until it is answered.
   */
  kind?: 'ordinary' | 'costly' | 'alone';
  /** When nothing is heard of the worker for so long, it hangs; `batchTimeoutMs` at the most. */
  limitMs?: number;
}

/** A batch that a worker has. */
export interface Run {
  /** Resolves when each item has been answered. @throws WorkerLostError */
  done: Promise<void>;
  /** Calls an item back that nobody waits for any more. */
  cancel: (item: number) => void;
  /** Nobody waits for any of it any more: if nothing is heard of the worker for so long, it is ended. */
  abandon: (limitMs: number) => void;
}

interface Pending {
  kind: NonNullable<RunOptions['kind']>;
  /** Items without their answer. */
  open: Set<number>;
  onAnswer: (answer: ItemAnswer) => void;
  /** Ends the worker when nothing has been heard of it for so long. */
  silence: NodeJS.Timeout;
  isAbandoned: boolean;
  /** On performance.now()'s clock. */
  sentAt: number;
  /** After so many milliseconds without a sign of the worker it is late. */
  dueMs: number;
  resolve: () => void;
  reject: (error: Error) => void;
}

/** The server's end of one worker: a child process that has loaded one model version. */
export class WorkerProcess {
  private readonly pending = new Map<number, Pending>();
  private readonly pieces = new PieceReader();
  private nextBatch = 1;
  private stderrTail: string[] = [];
  private closing = false;
  /** When it last answered anything, on performance.now()'s clock. */
  private heardAt = -Infinity;
  /** It has answered something, so it does not die of itself. */
  hasAnswered = false;
  /** It was let go because it is not needed any more. */
  isRetired = false;
  /** Why we have killed it, where we have. */
  private killedFor: string | undefined;
  /** Of the whole machine, when it got the last batch that it had alone. */
  private oomKills: number | undefined;
  private readonly child: ChildProcess;
  private readonly batches: Socket;
  readonly pid: number;
  /** What the process last said of its memory, bytes. */
  rssBytes = 0;
  /** Resolves, in words, when the process is gone, whatever the reason. */
  readonly exited: Promise<string>;

  private constructor(
    spawned: SpawnedWorker,
    private readonly options: WorkerProcessOptions,
  ) {
    const { child, stderr, batches } = spawned;
    this.child = child;
    this.pid = spawned.pid;
    this.batches = batches;
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        const reason = this.describeExit(code, signal);
        this.closing = true;
        this.rejectPending(`the worker ${reason}`, !this.killedFor && isKilledFromOutside(signal, this.oomKills));
        resolve(reason);
      });
    });
    const lines = createInterface({ input: stderr });
    lines.on('line', (line) => {
      this.note(line);
      options.onStderr?.(line);
    });
    // Where one is killed, its pipes may be reset; readline passes that on.
    lines.on('error', () => undefined);
    // It was started, so this is a signal or a message to a process that is about to end; its exit tells the rest.
    child.on('error', () => undefined);
    batches.on('error', (error) => {
      // Before its exit is known; what is tried again must not be given to it again.
      this.endBroken(error);
      this.rejectPending(`the worker is gone: ${error.message}`);
    });
  }

  /**
   * Starts a process and has it load the model and warm up.
   * @throws LoadFailedError when the model is at fault, WorkerLostError when the process could not be started, died or took too long.
   */
  static async start(options: WorkerProcessOptions): Promise<{ worker: WorkerProcess; loaded: LoadedMessage }> {
    const { signal } = options;
    let spawned: SpawnedWorker;
    try {
      spawned = await spawnWorker(options.entry, options.execPath);
    } catch (error) {
      const detail = `a worker process could not be started: ${(error as Error).message}`;
      throw new WorkerLostError(detail, { cause: error });
    }
    const worker = new WorkerProcess(spawned, options);
    const abort = (): void => worker.kill('it is not wanted any more');
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
    try {
      const loaded = await worker.load();
      setOomScore(worker.pid, 'serving');
      return { worker, loaded };
    } catch (error) {
      worker.kill('it did not load the model');
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Batches sent and not yet answered. */
  get batchesInFlight(): number {
    return this.pending.size;
  }

  /** How many of them are of this kind. */
  inFlight(kind: Pending['kind']): number {
    let count = 0;
    for (const pending of this.pending.values()) if (pending.kind === kind) count++;
    return count;
  }

  /** It has been silent for half as long as it may be before it is ended. */
  get isOverdue(): boolean {
    const now = performance.now();
    return [...this.pending.values()].some(({ sentAt, dueMs }) => now - Math.max(sentAt, this.heardAt) > dueMs);
  }

  get isUsable(): boolean {
    return !this.closing && this.child.connected;
  }

  /** @param onAnswer is called for each chunk, and once for the end of each item */
  run(items: BatchItem[], onAnswer: (answer: ItemAnswer) => void, options: RunOptions = {}): Run {
    const batch = this.nextBatch++;
    const { kind = 'ordinary', limitMs = Infinity } = options;
    const ms = Math.min(limitMs, this.options.batchTimeoutMs);
    if (kind === 'alone') this.oomKills = countOomKills();
    const done = new Promise<void>((resolve, reject) => {
      const silence = this.endAfter(ms, batch, `no answer to a batch within ${Math.round(ms)} ms`);
      const open = new Set(items.keys());
      const times = { sentAt: performance.now(), dueMs: ms / 2 };
      this.pending.set(batch, { kind, open, onAnswer, silence, isAbandoned: false, ...times, resolve, reject });
      this.write(frameOf({ batch, items }));
    });
    return {
      done,
      cancel: (item) => this.cancel(batch, item),
      abandon: (after) => this.abandon(batch, after),
    };
  }

  /** Lets the process finish what it has, then ends it; after `graceMs` by force. Resolves when it is gone. */
  async stop(graceMs: number): Promise<void> {
    this.closing = true;
    this.batches.end();
    if (!(await resolvesWithin(graceMs, this.exited))) this.kill('it did not end in time');
    await this.exited;
  }

  /** As `stop`, with as much time as its batches have. */
  async retire(): Promise<void> {
    this.isRetired = true;
    await this.stop(this.options.batchTimeoutMs);
  }

  /** Ends the process at once. @param reason what `exited` says of it */
  kill(reason: string): void {
    this.killedFor ??= reason;
    this.end();
  }

  /** A pipe to it broke. As a rule it has ended by itself, and how it did is not our doing. */
  private endBroken(error: Error): void {
    this.note(error.message);
    this.end();
  }

  private end(): void {
    this.closing = true;
    this.child.kill('SIGKILL');
  }

  private load(): Promise<LoadedMessage> {
    const { loadTimeout, readTimeout } = this.options;
    const ms = loadTimeout.value;
    let silence: NodeJS.Timeout | undefined;
    const loaded = new Promise<LoadedMessage>((resolve, reject) => {
      void this.exited.then((reason) => reject(new WorkerLostError(`while it loaded the model, the worker ${reason}`)));
      const hangs = (): void => {
        const silent = `its storage has given nothing of it for ${readTimeout.value} ms`;
        const detail = `cannot read the model file: ${silent}${limitInWords(readTimeout)}`;
        reject(new LoadFailedError(detail, { kind: 'unreadable', code: 'ETIMEDOUT' }));
      };
      this.child.on('message', (message: FromWorker) => {
        switch (message.type) {
          case 'reading':
            clearTimeout(silence);
            // As with batches: what is waited for may be there and only unread.
            if (!message.isDone) silence = setTimeout(() => (silence = setTimeout(hangs)), readTimeout.value);
            return;
          case 'loaded':
            this.rssBytes = message.rssBytes;
            return resolve(message);
          case 'load-failed':
            return reject(new LoadFailedError(message.detail, message.fault));
          case 'answers':
            return this.take(message);
          case 'piece': {
            this.heard();
            const whole = this.pieces.take(message);
            return whole && this.take(whole);
          }
          case 'memory':
            this.rssBytes = message.rssBytes;
        }
      });
      this.child.send(this.options.load, (error) => {
        if (error) this.endBroken(error);
      });
    });
    return waitWithin(
      {
        ms,
        onExpiry: () => new WorkerLostError(`the model did not load within ${ms} ms${limitInWords(loadTimeout)}`),
      },
      loaded.finally(() => clearTimeout(silence)),
    );
  }

  private take({ batch, answers }: AnswersMessage): void {
    this.hasAnswered = true;
    const pending = this.pending.get(batch);
    if (!pending) return;
    this.heard();
    for (const answer of answers) {
      if (!pending.open.has(answer.item)) continue;
      if (answer.kind !== 'chunk') pending.open.delete(answer.item);
      pending.onAnswer(answer);
    }
    if (pending.open.size > 0) return;
    this.pending.delete(batch);
    clearTimeout(pending.silence);
    pending.resolve();
  }

  /** What waits behind the batch that something is heard of is not forgotten either. */
  private heard(): void {
    this.heardAt = performance.now();
    for (const { silence } of this.pending.values()) silence.refresh();
  }

  private abandon(batch: number, ms: number): void {
    const pending = this.pending.get(batch);
    if (!pending || pending.isAbandoned) return;
    clearTimeout(pending.silence);
    pending.isAbandoned = true;
    const reason = `it went on for ${Math.round(ms)} ms with a batch that nobody waits for any more`;
    pending.silence = this.endAfter(ms, batch, reason);
  }

  /** An AbortSignal for each batch would cost more than all the rest of this. */
  private endAfter(ms: number, batch: number, reason: string): NodeJS.Timeout {
    const since = performance.now();
    const timer = setTimeout(() => {
      // Not at once: when this process was busy for so long, what is waited for may be there and only unread.
      setImmediate(() => {
        const pending = this.pending.get(batch);
        if (pending?.silence !== timer) return;
        const silentMs = performance.now() - Math.max(since, this.heardAt);
        // Timers are a little early at times.
        if (silentMs >= ms - 5) pending.reject(this.hangs(reason));
        else timer.refresh();
      });
    }, ms);
    return timer;
  }

  private hangs(reason: string): WorkerLostError {
    this.kill(reason);
    return new WorkerLostError(`the worker hangs: ${reason}`);
  }

  private cancel(batch: number, item: number): void {
    if (this.pending.get(batch)?.open.has(item)) this.write(frameOf({ batch, cancel: item }));
  }

  /** As one piece, where the system can. */
  private write(parts: Uint8Array[]): void {
    this.batches.cork();
    for (const part of parts) this.batches.write(part);
    this.batches.uncork();
  }

  private describeExit(code: number | null, signal: NodeJS.Signals | null): string {
    const said = this.stderrTail.length > 0 ? `; it said: ${this.stderrTail.join(' | ')}` : '';
    if (!signal) return `exited with code ${code}${said}`;
    const memory = signal === 'SIGKILL' ? ', as the kernel does where memory runs out' : '';
    return `was killed by ${signal}${this.killedFor ? `: ${this.killedFor}` : memory}${said}`;
  }

  /** Keeps the last words of the process, for those who are told of its end. */
  private note(line: string): void {
    this.stderrTail = [...this.stderrTail.slice(-4), line];
  }

  private rejectPending(detail: string, isFromOutside = false): void {
    for (const { reject, silence } of this.pending.values()) {
      clearTimeout(silence);
      reject(new WorkerLostError(detail, {}, isFromOutside));
    }
    this.pending.clear();
  }
}
