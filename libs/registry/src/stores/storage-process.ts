import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { type Limit, waitWithin, withTimeLimit } from '#core';
import type { FileCalls, FileFacts, FolderEntry, InsideFile } from './file-calls';
import { StorageError } from './storage-error';
import type { FileCall, StorageAnswer } from './storage-messages';

/** The compiled process beside this file, or, when the sources run (in tests), the one of the last build. */
const ENTRY = __filename.endsWith('.ts')
  ? join(__dirname, '../../../../dist/libs/registry/src/stores/process/main.js')
  : join(__dirname, 'process/main.js');

/** It holds next to nothing. */
const FLAGS = ['--max-old-space-size=64', '--max-semi-space-size=1'];
/** Each call that hangs holds one; the next ones must find another. */
const THREADS = 32;
/** A disk that hangs may be the one that Node is on, too. */
const START_LIMIT_MS = 30_000;
/** That hang and could not even be killed. More would only be more. */
const PROCESSES_AT_MOST = 4;

export type StorageOutcome = 'done' | 'failed' | 'timeout';

export interface StorageProcessOptions {
  /** After so long without a sign, milliseconds, a call is given up. */
  timeout: Limit;
  /** Compiled file of the process. */
  entry?: string;
  /** Told of each call, for metrics. A file that is not there is no failure. */
  onCall?: (call: FileCall, seconds: number, outcome: StorageOutcome) => void;
}

interface Pending {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
  onSign: () => void;
}

/** It was gone before it could be told: nothing of the call has been done, and another process may be asked. */
class NotSent extends StorageError {}

/** One process, and what it has been asked. */
class Asked {
  readonly pending = new Map<number, Pending>();
  /** Something hangs in it: it is asked nothing any more, and killed when what else it was asked has ended. */
  isRetired = false;
  /** It can be asked: before that, it is not the disk that it waits for. */
  readonly ready: Promise<void>;
  /** Rejects when it is gone. */
  readonly ended: Promise<never>;
  /** When it was started, on performance.now()'s clock. */
  readonly since = performance.now();
  private end!: (error: StorageError) => void;
  private next = 1;

  constructor(readonly child: ChildProcess) {
    this.ready = new Promise((resolve) => {
      child.on('message', (answer: StorageAnswer | 'ready') => (answer === 'ready' ? resolve() : this.take(answer)));
    });
    this.ended = new Promise((_, reject) => (this.end = reject));
    this.ended.catch(() => undefined);
    child.unref();
    child.channel?.unref();
  }

  ask(call: FileCall, args: unknown[], onSign: () => void, signal: AbortSignal): Promise<unknown> {
    const id = this.next++;
    return new Promise<unknown>((resolve, reject) => {
      this.pending.set(id, { resolve, reject, onSign });
      this.child.channel?.ref();
      signal.addEventListener('abort', () => reject(signal.reason as Error));
      this.child.send({ id, call, args }, (error) => error && reject(new NotSent(error.message)));
    }).finally(() => {
      this.pending.delete(id);
      if (this.pending.size > 0) return;
      this.child.channel?.unref();
      if (this.isRetired) this.child.kill('SIGKILL');
    });
  }

  failAll(reason: string): void {
    this.end(new StorageError(reason));
    for (const { reject } of this.pending.values()) reject(new StorageError(reason));
  }

  private take(answer: StorageAnswer): void {
    const asked = this.pending.get(answer.id);
    if (!asked) return;
    if ('sign' in answer) asked.onSign();
    else if ('value' in answer) asked.resolve(answer.value);
    else asked.reject(Object.assign(new Error(answer.error.message), { code: answer.error.code }));
  }
}

/**
 * Asks the disk through a process of its own. A call that hangs, as those of a network file system do whose server is away, ends with
 * a StorageError after `timeout`; the process in which it hangs is killed and another one takes its place. No thread of this
 * process waits for a disk.
 */
export class StorageProcess implements FileCalls {
  private current: Asked | undefined;
  /** All that have not ended. */
  private readonly alive = new Set<Asked>();
  private isClosed = false;
  /** The last that is known of the disk: no answer. */
  private isHanging = false;
  private running = 0;
  /** Calls that wait for one of the threads. */
  private readonly queue: { resolve: () => void; reject: (error: Error) => void }[] = [];

  constructor(private readonly options: StorageProcessOptions) {}

  /** Ends the process; what it has been asked fails. */
  close(): void {
    this.isClosed = true;
    for (const { child } of this.alive) child.kill('SIGKILL');
  }

  list = (folder: string) => this.call<FolderEntry[]>('list', folder);
  follow = (path: string) => this.call<FileFacts & { path: string }>('follow', path);
  fingerprint = (folder: string) => this.call<string>('fingerprint', folder);
  inside = (root: string, path: string, content: boolean) => this.call<InsideFile>('inside', root, path, content);
  read = (path: string) => this.call<Uint8Array>('read', path);
  sha256 = (path: string) => this.call<string>('sha256', path);
  makeFolder = (path: string) => this.call<void>('makeFolder', path);
  create = (path: string, text: string) => this.call<void>('create', path, text);
  link = (path: string, name: string) => this.call<void>('link', path, name);
  rename = (from: string, to: string) => this.call<void>('rename', from, to);
  unlink = (path: string) => this.call<void>('unlink', path);
  removeFolder = (path: string) => this.call<void>('removeFolder', path);
  sync = (folder: string) => this.call<void>('sync', folder);

  private async call<T>(call: FileCall, ...args: unknown[]): Promise<T> {
    const started = performance.now();
    let outcome: StorageOutcome = 'failed';
    try {
      const value = (await this.ask(call, args, () => (outcome = 'timeout'))) as T;
      outcome = 'done';
      return value;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'EEXIST') outcome = 'done';
      throw error;
    } finally {
      this.options.onCall?.(call, (performance.now() - started) / 1000, outcome);
    }
  }

  /** The time of a call begins when there is a thread for it. */
  private async ask(call: FileCall, args: unknown[], onTimeout: () => void): Promise<unknown> {
    if (this.running >= THREADS) {
      await new Promise<void>((resolve, reject) => this.queue.push({ resolve, reject }));
    }
    this.running++;
    try {
      return await this.askNow(call, args, onTimeout);
    } finally {
      this.running--;
      this.queue.shift()?.resolve();
    }
  }

  private async askNow(call: FileCall, args: unknown[], onTimeout: () => void): Promise<unknown> {
    try {
      return await this.askProcess(call, args, onTimeout);
    } catch (error) {
      if (!(error instanceof NotSent)) throw error;
      return this.askProcess(call, args, onTimeout);
    }
  }

  private async askProcess(call: FileCall, args: unknown[], onTimeout: () => void): Promise<unknown> {
    const asked = this.process();
    await this.started(asked);
    const { timeout } = this.options;
    const ms = timeout.value;
    const onExpiry = (): StorageError => {
      onTimeout();
      this.isHanging = true;
      this.retire(asked);
      // Not the whole path: clients may read it.
      const what = String(args[0]).split('/').slice(-3).join('/');
      const detail = `the storage of the registry hangs: no answer to "${call} ${what}" in ${ms} ms`;
      const error = new StorageError(detail, timeout);
      // They would wait as long, one after the other.
      for (const { reject } of this.queue.splice(0)) reject(error);
      return error;
    };
    return withTimeLimit({ ms, onExpiry }, async (signal, onSign) => {
      try {
        return await asked.ask(call, args, onSign, signal);
      } catch (error) {
        // Its exit is about to be told.
        if (error instanceof NotSent) this.retire(asked);
        throw error;
      } finally {
        // An error of the disk is an answer, too.
        if (!signal.aborted && !asked.isRetired) this.isHanging = false;
      }
    });
  }

  /** Where storage is known to hang, nobody waits for a process longer than for the disk. @throws StorageError */
  private async started(asked: Asked): Promise<void> {
    const { timeout } = this.options;
    const ms = this.isHanging ? Math.min(timeout.value, START_LIMIT_MS) : START_LIMIT_MS;
    const onExpiry = (): StorageError => {
      if (performance.now() - asked.since >= START_LIMIT_MS - 5) {
        this.retire(asked);
        asked.child.kill('SIGKILL');
      }
      const bound = ms === timeout.value ? timeout : undefined;
      return new StorageError(`the process that reads the registry did not start within ${ms} ms`, bound);
    };
    asked.child.channel?.ref();
    await waitWithin({ ms, onExpiry }, Promise.race([asked.ready, asked.ended]));
  }

  /** @throws StorageError */
  private process(): Asked {
    if (this.isClosed) throw new StorageError('the registry is closed');
    if (this.current) return this.current;
    if (this.alive.size >= PROCESSES_AT_MOST) {
      throw new StorageError(`the storage of the registry hangs: ${this.alive.size} processes wait for it`);
    }
    return (this.current = this.start());
  }

  private start(): Asked {
    let child: ChildProcess;
    try {
      child = fork(this.options.entry ?? ENTRY, [], {
        execArgv: FLAGS,
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        env: { UV_THREADPOOL_SIZE: String(THREADS) },
      });
    } catch (error) {
      throw new StorageError(`no process can be started that reads the registry: ${(error as Error).message}`);
    }
    const asked = new Asked(child);
    this.alive.add(asked);
    const end = (reason: string): void => {
      this.alive.delete(asked);
      if (this.current === asked) this.current = undefined;
      asked.failAll(`the process that reads the registry ${reason}`);
    };
    child.once('exit', (code, signal) => end(signal ? `was killed by ${signal}` : `exited with code ${code}`));
    child.on('error', (error) => end(`is not there: ${error.message}`));
    return asked;
  }

  private retire(asked: Asked): void {
    asked.isRetired = true;
    if (this.current === asked) this.current = undefined;
  }
}
