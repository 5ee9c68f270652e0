import type { InferenceSession } from 'onnxruntime-node';
import { Socket, type ConnectOpts, type SocketConstructorOpts } from 'node:net';
import { EyrieError } from '#core';
import { FrameReader } from '../frames';
import { BATCH_PIPE, type FromWorker, type LoadFault, type LoadMessage, type ToWorker } from '../messages';
import { piecesOf } from '../pieces';
import { ModelLoadError } from './model-load-error';
import { runtimeError } from './runtime-error';
import { graphOf, openSession } from './session';
import { watchParent } from './watch-parent';
import { type InTurn, WorkerBatch } from './worker-batch';
import type { LoadedRunner, LoadTask, WorkerTask } from './worker-task';

/** As much as a pipe of the system holds, and more. */
const READ_BYTES = 262_144;

const MEMORY_REPORT_EVERY_MS = 500;

/**
 * The life of a worker process: loads one model version when it is told to, then answers batches until the server lets go of it.
 * @param tasks by the name that the manifest gives
 */
export function serveTasks(tasks: ReadonlyMap<string, LoadTask>): void {
  watchParent();
  const worker = new Worker(tasks);
  process.on('message', (message: LoadMessage) => void worker.load(message));
  const frames = new FrameReader((message) => worker.receive(message));
  const pipe: SocketConstructorOpts & ConnectOpts = {
    fd: BATCH_PIPE,
    // One buffer for all that comes: a new one for each read would leave it to the garbage collector.
    onread: {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback: (count, buffer) => {
        frames.push(buffer.subarray(0, count));
        return true;
      },
    },
  };
  const batches = new Socket(pipe);
  batches.once('end', () => void worker.idle.then(() => process.disconnect()));
  batches.resume();

  // The server decides when a worker ends; a Ctrl-C in the terminal reaches both.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => undefined);
  // The server is gone, or has let go: nobody is left to answer to.
  process.on('disconnect', () => process.exit(0));
}

class Worker {
  private runner: LoadedRunner | undefined;
  private maxAnswerBytes = Infinity;
  private readonly batches = new Map<number, { work: WorkerBatch; answered: Promise<void> }>();
  // Runs follow each other, in the order in which their batches are ready; preparing does not wait for them.
  private lastRun: Promise<void> = Promise.resolve();
  private memoryReport: NodeJS.Timeout | undefined;

  constructor(private readonly tasks: ReadonlyMap<string, LoadTask>) {}

  /** Resolves when all that has been received has been answered. */
  get idle(): Promise<unknown> {
    return Promise.all([...this.batches.values()].map(({ answered }) => answered));
  }

  async load(message: LoadMessage): Promise<void> {
    try {
      const started = performance.now();
      const loadTask = this.tasks.get(message.task);
      if (!loadTask) throw new ModelLoadError(`there is no task "${message.task}"`);
      const task = await loadTask();
      const session = await openSession(message, (isDone) => void send({ type: 'reading', isDone }));
      const runner = await loadRunner(task, session, message);
      this.maxAnswerBytes = message.maxAnswerBytes;
      const loadedAt = performance.now();
      const { oneByOne, doubts = [] } = await runner.warmUp();
      this.runner = runner;
      void send({
        type: 'loaded',
        loadMs: loadedAt - started,
        warmUpMs: performance.now() - loadedAt,
        fixedBatch: runner.fixedBatch,
        oneByOne,
        doubts,
        graph: graphOf(session),
        rssBytes: process.memoryUsage.rss(),
      });
    } catch (error) {
      const isKnown = error instanceof ModelLoadError;
      const detail = isKnown ? error.message : `the model does not run: ${runtimeError(error)}`;
      const fault: LoadFault = isKnown ? error.fault : { kind: 'does-not-run' };
      void send({ type: 'load-failed', detail, fault });
    }
  }

  receive(message: ToWorker): void {
    if ('cancel' in message) {
      this.batches.get(message.batch)?.work.cancel(message.cancel);
      return;
    }
    if (!this.runner) throw new EyrieError('INTERNAL', 'a batch came before the model was loaded');
    const { batch } = message;
    let sent: Promise<unknown> | undefined;
    const work = new WorkerBatch(this.runner, message.items, this.maxAnswerBytes, (answers) => {
      for (const piece of piecesOf({ type: 'answers', batch, answers })) sent = send(piece);
    });
    const answered = work.answer(this.inTurn).then(async () => {
      // What is on its way when the channel is closed is lost.
      await sent;
      this.batches.delete(batch);
      this.memoryReport ??= setTimeout(this.reportMemory, MEMORY_REPORT_EVERY_MS);
    });
    this.batches.set(batch, { work, answered });
  }

  private readonly inTurn: InTurn = (run) => (this.lastRun = this.lastRun.then(run));

  /** Reading it takes as long as decoding a small image: not for every answer, and once more after the last one. */
  private readonly reportMemory = (): void => {
    this.memoryReport = undefined;
    void send({ type: 'memory', rssBytes: process.memoryUsage.rss() });
  };
}

async function loadRunner(task: WorkerTask, session: InferenceSession, message: LoadMessage): Promise<LoadedRunner> {
  try {
    const { spec, maxPixels, maxBatch, isProven } = message;
    return task.load(session, { spec, maxPixels, maxBatch, isProven });
  } catch (error) {
    await session.release();
    throw error;
  }
}

/** Resolves when it has left this process, or cannot any more. */
function send(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (!process.send) return resolve();
    process.send(message, () => resolve());
  });
}
