import { EyrieError, monotonicNow } from '#core';
import type { BatchItem, ItemAnswer, ItemFailed, Work } from '../messages';
import { runtimeError } from './runtime-error';
import type { LoadedRunner, PreparedBatch, RunResult, WorkerItem } from './worker-task';

type Prepared = Pick<Work, 'decodeAt' | 'decodeMs'>;

/** Runs something when it is its turn: runs of a model follow each other. */
export type InTurn = (run: () => Promise<void>) => Promise<void>;

/** So long the first item that is ready waits for the others, milliseconds; or as long as a run takes, where that is longer. */
const PATIENCE_MS = 20;

/**
 * One batch in a worker: every item is prepared, those that could be share a run, each is answered once. Items whose preparation
 * takes much longer than that of the others are run later, without them.
 */
export class WorkerBatch {
  private readonly cancelled = new Set<number>();
  private readonly controllers = new Map<number, AbortController>();
  private readonly prepared: (Prepared | undefined)[];
  private failures: ItemFailed[] = [];
  private readonly batch: PreparedBatch;
  /** Prepared, or failed, and not answered. */
  private ready: number[] = [];
  private onReady: () => void = () => undefined;

  /** @param send gets what there is to say of the items, for each of them one `done` or `failed` at last */
  constructor(
    runner: LoadedRunner,
    private readonly items: readonly BatchItem[],
    private readonly maxAnswerBytes: number,
    private readonly send: (answers: ItemAnswer[]) => void,
  ) {
    this.prepared = items.map(() => undefined);
    const signalOf = (item: number): AbortSignal => this.controllerOf(item).signal;
    const workerItems = items.map(
      // An AbortController costs as much as all the rest, and few tasks can stop in the middle.
      ({ params, payload }, item): WorkerItem => ({
        params,
        payload,
        get signal() {
          return signalOf(item);
        },
      }),
    );
    this.batch = runner.prepare(workerItems);
  }

  /** Nobody waits for the item any more. */
  cancel(item: number): void {
    this.cancelled.add(item);
    this.controllers.get(item)?.abort();
  }

  /** Resolves when each item has been answered. */
  async answer(inTurn: InTurn): Promise<void> {
    const all = Promise.all(this.items.map((_, item) => this.prepareItem(item)));
    let patience = PATIENCE_MS;
    for (let left = this.items.length; left > 0;) {
      await this.someReady(all, patience, left);
      await inTurn(async () => {
        const items = this.ready.sort((a, b) => a - b);
        this.ready = [];
        left -= items.length;
        const started = monotonicNow();
        await this.run(items);
        patience = Math.max(PATIENCE_MS, monotonicNow() - started);
      });
    }
  }

  /** Resolves when all of `left` are ready, or one has been for some time. */
  private async someReady(all: Promise<unknown>, patience: number, left: number): Promise<void> {
    if (this.ready.length === 0) await new Promise<void>((resolve) => (this.onReady = resolve));
    if (this.ready.length === left) return;
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise((resolve) => (timer = setTimeout(resolve, patience)));
    await Promise.race([all, enough]);
    clearTimeout(timer);
  }

  private async run(items: readonly number[]): Promise<void> {
    const ready = items.filter((item) => this.prepared[item] && !this.giveUp(item));
    const done = ready.length > 0 ? await this.runItems(ready) : [];
    // In this order: what fails meanwhile is for the next run.
    const failures = this.failures.filter(({ item }) => items.includes(item));
    this.failures = this.failures.filter(({ item }) => !items.includes(item));
    this.send([...failures, ...done]);
  }

  private controllerOf(item: number): AbortController {
    let controller = this.controllers.get(item);
    if (!controller) {
      this.controllers.set(item, (controller = new AbortController()));
      if (this.cancelled.has(item)) controller.abort();
    }
    return controller;
  }

  private async prepareItem(item: number): Promise<void> {
    if (!this.giveUp(item)) {
      const decodeAt = monotonicNow();
      try {
        await this.batch.prepare(item);
        this.prepared[item] = { decodeAt, decodeMs: monotonicNow() - decodeAt };
      } catch (error) {
        const work = { decodeAt, decodeMs: monotonicNow() - decodeAt };
        this.failures.push({ kind: 'failed', item, ...failureOf(error), work });
      }
    }
    this.ready.push(item);
    this.onReady();
  }

  /** Work that nobody waits for any more, or not in time, is not done. @returns whether this is such */
  private giveUp(item: number): boolean {
    const isLate = monotonicNow() >= this.items[item]!.deadline;
    if (!isLate && !this.cancelled.has(item)) return false;
    const detail = isLate ? 'the time of the request was up before the model was run' : 'nobody waits for it any more';
    const work = this.prepared[item];
    this.failures.push({ kind: 'failed', item, code: 'DEADLINE_EXCEEDED', detail, work });
    return true;
  }

  private async runItems(ready: readonly number[]): Promise<ItemAnswer[]> {
    const runAt = monotonicNow();
    let sentChunks = false;
    try {
      let ranAt = runAt;
      const results = await this.batch.run(ready, {
        onChunk: (item, chunk) => {
          sentChunks = true;
          this.send([{ kind: 'chunk', item, chunk }]);
        },
        onRan: () => (ranAt = monotonicNow()),
      });
      const shared = {
        runAt,
        inferenceMs: ranAt - runAt,
        postMs: monotonicNow() - ranAt,
        batchSize: ready.length,
      };
      return ready.map((item, row) => {
        const result: RunResult = results[row] ?? { code: 'WORKER_FAILED', detail: 'the model gave no answer for it' };
        const work = { ...this.prepared[item]!, ...shared };
        if (!('output' in result)) return { kind: 'failed', item, ...result, work };
        const { output, bytes } = result;
        if (bytes !== undefined && bytes > this.maxAnswerBytes)
          return { ...tooLarge(item, bytes, this.maxAnswerBytes), work };
        return { kind: 'done', item, output, bytes, work };
      });
    } catch (error) {
      // One of them may be what the model cannot be run on: that one alone fails.
      if (ready.length > 1 && !sentChunks) return this.runOneByOne(ready);
      const detail = `the model failed on this batch: ${runtimeError(error)}`;
      return ready.map((item) => ({ kind: 'failed', item, code: 'WORKER_FAILED', detail, work: this.prepared[item] }));
    }
  }

  private async runOneByOne(items: readonly number[]): Promise<ItemAnswer[]> {
    const answers: ItemAnswer[] = [];
    for (const item of items) {
      if (!this.giveUp(item)) answers.push(...(await this.runItems([item])));
    }
    return answers;
  }
}

function tooLarge(item: number, bytes: number, most: number): ItemFailed {
  const { code, message } = new EyrieError(
    'INVALID_REQUEST',
    `the answer has ${bytes} bytes, which is more than one may have; ask for less at once`,
    { bound: { setting: 'MAX_ANSWER_BYTES', value: most } },
  );
  return { kind: 'failed', item, code, detail: message };
}

function failureOf(error: unknown): Pick<ItemFailed, 'code' | 'detail'> {
  if (error instanceof EyrieError) return { code: error.code, detail: error.message };
  return { code: 'INTERNAL', detail: `the input cannot be prepared: ${String(error)}` };
}
