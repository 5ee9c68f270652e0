import { EyrieError, monotonicNow } from '#core';
import type { BatchItem, ItemAnswer, ItemFailed, Work } from '../messages';
import { runtimeError } from './runtime-error';
import type { LoadedRunner, PreparedBatch, RunResult, WorkerItem } from './worker-task';

type Prepared = Pick<Work, 'decodeAt' | 'decodeMs'>;

/** One batch in a worker: every item is prepared, those that could be share the run, each is answered once. */
export class WorkerBatch {
  private readonly cancels: readonly AbortController[];
  private readonly prepared: (Prepared | undefined)[];
  private readonly failures: ItemFailed[] = [];
  private readonly batch: PreparedBatch;

  /** @param send gets what there is to say of the items, for each of them one `done` or `failed` at last */
  constructor(
    runner: LoadedRunner,
    private readonly items: readonly BatchItem[],
    private readonly send: (answers: ItemAnswer[]) => void,
  ) {
    this.cancels = items.map(() => new AbortController());
    this.prepared = items.map(() => undefined);
    const workerItems = items.map(({ params, payload }, i): WorkerItem => {
      const { signal } = this.cancels[i]!;
      return { params, payload, signal };
    });
    this.batch = runner.prepare(workerItems);
  }

  /** Nobody waits for the item any more. */
  cancel(item: number): void {
    this.cancels[item]?.abort();
  }

  /** Resolves when each item is ready for the run, or has failed. */
  async prepare(): Promise<void> {
    await Promise.all(this.items.map((_, item) => this.prepareItem(item)));
  }

  async run(): Promise<void> {
    const ready = [...this.items.keys()].filter((item) => this.prepared[item] && !this.giveUp(item));
    const done = ready.length > 0 ? await this.runItems(ready) : [];
    this.send([...this.failures, ...done]);
  }

  private async prepareItem(item: number): Promise<void> {
    if (this.giveUp(item)) return;
    const decodeAt = monotonicNow();
    try {
      await this.batch.prepare(item);
      this.prepared[item] = { decodeAt, decodeMs: monotonicNow() - decodeAt };
    } catch (error) {
      const work = { decodeAt, decodeMs: monotonicNow() - decodeAt };
      this.failures.push({ kind: 'failed', item, ...failureOf(error), work });
    }
  }

  /** Work that nobody waits for any more, or not in time, is not done. @returns whether this is such */
  private giveUp(item: number): boolean {
    const isLate = monotonicNow() >= this.items[item]!.deadline;
    if (!isLate && !this.cancels[item]!.signal.aborted) return false;
    const detail = isLate ? 'the time of the request was up before the model was run' : 'nobody waits for it any more';
    const work = this.prepared[item];
    this.failures.push({ kind: 'failed', item, code: 'DEADLINE_EXCEEDED', detail, work });
    return true;
  }

  private async runItems(ready: readonly number[]): Promise<ItemAnswer[]> {
    const runAt = monotonicNow();
    try {
      let ranAt = runAt;
      const results = await this.batch.run(ready, {
        onChunk: (item, chunk) => this.send([{ kind: 'chunk', item, chunk }]),
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
        if ('output' in result) return { kind: 'done', item, output: result.output, work };
        return { kind: 'failed', item, ...result, work };
      });
    } catch (error) {
      const detail = `the model failed on this batch: ${runtimeError(error)}`;
      return ready.map((item) => ({ kind: 'failed', item, code: 'WORKER_FAILED', detail, work: this.prepared[item] }));
    }
  }
}

function failureOf(error: unknown): Pick<ItemFailed, 'code' | 'detail'> {
  if (error instanceof EyrieError) return { code: error.code, detail: error.message };
  return { code: 'INTERNAL', detail: `the input cannot be prepared: ${String(error)}` };
}
