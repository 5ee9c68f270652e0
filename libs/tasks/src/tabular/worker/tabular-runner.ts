import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { EyrieError } from '#core';
import {
  type LoadContext,
  type LoadedRunner,
  ModelLoadError,
  type PreparedBatch,
  type RunProgress,
  type RunResult,
  runtimeError,
  type WarmUp,
  type WorkerItem,
  type WorkerTask,
} from '#inference/worker';
import { readStrings } from '../../tensor/tensor-json';
import { ColumnsError, ELEMENT_BYTES, fixedRows, layoutOf, type Port, portsOf } from '../ports';
import type { RowFault, TableParams, TabularSpec } from '../spec';
import { elementsOf } from '../table';
import { classAnswers } from './class-answers';
import type { Answers } from './answers';
import { valueAnswers } from './value-answers';

export const tabularWorker: WorkerTask = {
  load: (session, context) => new TabularRunner(session, context),
};

/** Elements of one input, row by row. */
type Columns = { port: Port; elements: ArrayLike<unknown> & { slice(from: number, end: number): ArrayLike<unknown> } };

/** So many rows that cannot be run are looked for one by one; a table with more is refused as a whole. */
const MAX_FAULTS = 100;
const WARM_UP_ROWS = [1, 4];

/** A graph that takes rows of features and gives scores of classes, or a value, for each of them. */
export class TabularRunner implements LoadedRunner {
  readonly fixedBatch: number | null;
  private readonly ports: readonly Port[];
  private readonly layout: string;
  private readonly answers: Answers;

  /** @throws ModelLoadError when the graph is not the one that the manifest describes */
  constructor(
    private readonly session: InferenceSession,
    private readonly context: LoadContext,
  ) {
    const spec = context.spec as TabularSpec;
    const inputs = session.inputMetadata.map((input) =>
      input.isTensor ? { ...input } : { name: input.name, type: null, shape: [] },
    );
    this.ports = columnsOrRefuse(() => portsOf(spec.features, inputs));
    this.layout = layoutOf(spec.features, this.ports);
    this.fixedBatch = fixedRows(inputs);
    this.answers = spec.kind === 'classification' ? classAnswers(spec) : valueAnswers(spec);
    const output = session.outputMetadata.find(({ name }) => name === spec.output.name);
    if (!output) {
      throw new ModelLoadError(
        `the graph has no output "${spec.output.name}"; it has ${session.outputNames.join(', ')}`,
      );
    }
    if (!output.isTensor) throw new ModelLoadError(`output "${output.name}" is no tensor, and cannot be read`);
  }

  /** With rows of nothing: zeros, and empty texts. What the graph makes of them does not matter, but that it runs. */
  async warmUp(): Promise<WarmUp> {
    const counts = this.context.maxBatch === 1 ? [1] : WARM_UP_ROWS;
    for (const rows of counts) {
      const columns = this.ports.map((port): Columns => {
        const elements =
          port.type === 'string'
            ? Array.from({ length: rows * port.width }, () => '')
            : elementsOf(port.type, new Uint8Array(rows * port.width * ELEMENT_BYTES[port.type]));
        return { port, elements: elements };
      });
      await this.runWarmUp(columns, rows);
    }
    return {};
  }

  prepare(items: readonly WorkerItem[]): PreparedBatch {
    return {
      prepare: (item) => {
        this.requireFit(items[item]!);
        return Promise.resolve();
      },
      run: (ready, progress) =>
        this.runItems(
          ready.map((item) => items[item]!),
          progress,
        ),
    };
  }

  /** A text that is no category may be refused by a graph that runs otherwise. */
  private async runWarmUp(columns: readonly Columns[], rows: number): Promise<void> {
    try {
      this.answers.take(await this.runRows(columns, rows), rows);
    } catch (error) {
      if (error instanceof ModelLoadError || this.blame === 'WORKER_FAILED') throw error;
    }
  }

  /** The same bytes would be other features for a version whose columns are others. */
  private requireFit({ params, payload }: WorkerItem): void {
    const { rows, layout } = params as TableParams;
    const fits =
      layout === this.layout &&
      payload.length === this.ports.length &&
      this.ports.every(
        ({ type, width }, i) => type === 'string' || payload[i]!.length === rows * width * ELEMENT_BYTES[type],
      );
    if (!fits) throw new EyrieError('INVALID_REQUEST', 'these rows are of a version with other features');
  }

  private async runItems(items: readonly WorkerItem[], progress: RunProgress): Promise<RunResult[]> {
    const rows = items.reduce((sum, { params }) => sum + (params as TableParams).rows, 0);
    const columns = this.ports.map((port, i) => columnsOf(port, items.map(({ payload }) => payload[i]!))); // prettier-ignore
    let found: Float64Array;
    try {
      found = this.answers.take(await this.runRows(columns, rows), rows);
    } catch (error) {
      if (error instanceof ModelLoadError) throw error;
      if (items.length === 1) return [await this.runApart(items[0]!, columns, rows, error)];
      // One of them has a row that the graph does not take.
      const results: RunResult[] = [];
      for (const item of items) results.push(...(await this.runItems([item], progress)));
      return results;
    }
    progress.onRan();
    let from = 0;
    return items.map(({ params }) => {
      const end = from + (params as TableParams).rows;
      const first = from;
      from = end;
      const missing = (row: number) => hasMissing(columns, first + row);
      return this.answers.of(found, first, end, [], params as TableParams, missing);
    });
  }

  /** Looks for the rows that the graph does not take, and answers the others. */
  private async runApart({ params }: WorkerItem, columns: readonly Columns[], rows: number, error: unknown) {
    const faults: RowFault[] = [];
    const parts: (Float64Array | undefined)[] = [];
    try {
      await this.halve(columns, 0, rows, error, faults, parts);
    } catch (failure) {
      return { code: this.blame, detail: `the model does not take these rows: ${runtimeError(failure)}` };
    }
    const none = new Float64Array(this.answers.width).fill(NaN);
    const found = concatenated(parts.map((part) => part ?? none));
    return this.answers.of(found, 0, rows, faults, params as TableParams, (row) => hasMissing(columns, row));
  }

  private async halve(
    columns: readonly Columns[],
    from: number,
    end: number,
    error: unknown,
    faults: RowFault[],
    parts: (Float64Array | undefined)[],
  ): Promise<void> {
    if (end - from === 1) {
      if (faults.length === MAX_FAULTS) throw error;
      faults.push({ row: from, code: this.blame, detail: `the model does not take this row: ${runtimeError(error)}` });
      parts.push(undefined);
      return;
    }
    const middle = from + Math.ceil((end - from) / 2);
    for (const [low, high] of [
      [from, middle],
      [middle, end],
    ] as const) {
      let part: Float64Array;
      try {
        part = this.answers.take(await this.runRows(sliced(columns, low, high), high - low), high - low);
      } catch (failure) {
        await this.halve(columns, low, high, failure, faults, parts);
        continue;
      }
      parts.push(part);
    }
  }

  /** A text may be none that the graph knows; with numbers alone it is the model that fails. */
  private get blame(): RowFault['code'] {
    return this.ports.some(({ type }) => type === 'string') ? 'INVALID_REQUEST' : 'WORKER_FAILED';
  }

  private async runRows(columns: readonly Columns[], rows: number): Promise<Tensor[]> {
    const step = this.fixedBatch ?? rows;
    const tensors: Tensor[] = [];
    for (let from = 0; from < rows; from += step) {
      const part = step === rows ? columns : padded(columns, from, step, rows);
      tensors.push(await this.runOnce(part, step));
    }
    return tensors;
  }

  private async runOnce(columns: readonly Columns[], rows: number): Promise<Tensor> {
    const { name } = (this.context.spec as TabularSpec).output;
    const feeds = columns.map(({ port, elements }): [string, Tensor] => {
      const dims = port.isFlat ? [rows] : [rows, port.width];
      return [port.name, new Tensor(port.type as 'float32', elements as unknown as Float32Array, dims)];
    });
    const results = await this.session.run(Object.fromEntries(feeds), [name]);
    return results[name]!;
  }
}

function columnsOrRefuse<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw error instanceof ColumnsError ? new ModelLoadError(error.message) : error;
  }
}

function columnsOf(port: Port, payloads: readonly Uint8Array[]): Columns {
  const bytes = payloads.length === 1 ? payloads[0]! : Buffer.concat(payloads);
  const elements = port.type === 'string' ? readStrings(bytes) : elementsOf(port.type, bytes);
  return { port, elements: elements };
}

function sliced(columns: readonly Columns[], from: number, end: number): Columns[] {
  return columns.map(({ port, elements }) => ({
    port,
    elements: elements.slice(from * port.width, end * port.width) as Columns['elements'],
  }));
}

/** As many rows as the graph takes: the last one stands for those that are not there. */
function padded(columns: readonly Columns[], from: number, step: number, rows: number): Columns[] {
  const end = Math.min(rows, from + step);
  const part = sliced(columns, from, end);
  if (end - from === step) return part;
  return part.map(({ port, elements }) => {
    const last = Array.from(elements).slice(-port.width);
    const all = [...Array.from(elements), ...Array.from({ length: from + step - end }, () => last).flat()];
    const array = elements.constructor as unknown as { from(values: unknown[]): Columns['elements'] };
    return { port, elements: array.from(all) };
  });
}

function hasMissing(columns: readonly Columns[], row: number): boolean {
  return columns.some(({ port, elements }) => {
    for (let i = row * port.width; i < (row + 1) * port.width; i++) {
      if (Number.isNaN(elements[i]) || elements[i] === '') return true;
    }
    return false;
  });
}

function concatenated(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
