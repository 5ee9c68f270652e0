import {
  type AnswerCodec,
  type Comparison,
  EyrieError,
  type GraphInfo,
  type Headline,
  type InferenceInput,
  type ServedTask,
  type Tally,
} from '#core';
import { type Column, columnsOf } from './column';
import { type CsvOptions, readCsv } from './csv/read-csv';
import type { FeatureSpec } from './feature';
import { layoutOf, type Port, portsOf } from './ports';
import { readRows, RowReader, type SentRow, type TableInput } from './read-rows';
import type { RowFault } from './spec';
import { Table } from './table';

/** What every table's answer has, whatever is answered for a row. */
export interface TableAnswer {
  rows: number;
  /** Rows without an answer. */
  faults: ReadonlyMap<number, EyrieError>;
}

/** Of one version that answers rows of features. */
export abstract class TabularModel<Output extends TableAnswer> implements ServedTask<Output> {
  abstract readonly task: string;
  abstract readonly card: Readonly<Record<string, unknown>>;
  abstract readonly cache: AnswerCodec<Output>;
  private readonly ports: readonly Port[];
  private readonly columns: readonly Column[];
  private readonly layout: string;

  /** @throws ColumnsError where the graph is another than the features say */
  constructor(
    readonly features: readonly FeatureSpec[],
    graph: GraphInfo,
    /** The name of what is predicted. */
    readonly target: string | undefined,
  ) {
    this.ports = portsOf(features, graph.inputs);
    this.columns = columnsOf(features, this.ports);
    this.layout = layoutOf(features, this.ports);
  }

  abstract answer(sent: unknown): Output;
  abstract headline(output: Output): Headline | undefined;
  abstract tally(output: Output): Tally;
  abstract compare(output: Output, other: Output): Comparison;

  /**
   * @param rows an error in the place of one that could not be received
   * @throws EyrieError INVALID_REQUEST what is wrong with the only row; AllRefusedError where all of several are wrong
   */
  protected rowsInput(rows: readonly (SentRow | EyrieError)[], params: object): Promise<InferenceInput> {
    const { layout } = this;
    return readRows(rows, this.columns, new Table(this.ports, rows.length), { ...params, layout });
  }

  /** @param csv with a header @throws EyrieError INVALID_REQUEST, AllRefusedError */
  protected csvInput(csv: Buffer, params: object, options: CsvOptions): Promise<InferenceInput> {
    const { layout } = this;
    return readCsv(csv, this.columns, new Table(this.ports), { ...params, layout }, options);
  }

  /**
   * The first row stands for all of its table. It is laid out anew: the columns of this version may be others.
   * @param input of any version of tables @throws EyrieError INVALID_REQUEST where this one does not take the row
   */
  forComparison(input: InferenceInput): InferenceInput {
    const { names, values, areTexts } = (input as TableInput).first;
    const table = new Table(this.ports, 1);
    const reader = new RowReader(this.columns, table, (column, cell) =>
      areTexts && typeof cell === 'string' ? column.elementOfText(cell) : column.element(cell),
    );
    const error = reader.read({ names, values, path: 'features' });
    if (error) throw error;
    return table.input({ ...this.paramsOfComparison, layout: this.layout });
  }

  protected abstract readonly paramsOfComparison: object;
}

export function faultsOf(faults: readonly RowFault[]): Map<number, EyrieError> {
  return new Map(faults.map(({ row, code, detail }) => [row, new EyrieError(code, detail)]));
}
