import type { AnswerCodec, Comparison, EyrieError, GraphInfo, InferenceInput, Tally } from '#core';
import type { CsvOptions } from './csv/read-csv';
import { decodeNumbers, encodeNumbers } from './numbers-codec';
import type { SentRow } from './read-rows';
import type { SentValues, TableParams, TabularRegressorSpec } from './spec';
import { faultsOf, type TableAnswer, TabularModel } from './tabular-model';

/** A number for each row of a table. */
export interface TableValues extends TableAnswer {
  values: Float64Array;
}

/** Of the larger of two values: so far they may be apart where the manifest says nothing. */
const USUAL_TOLERANCE = 0.01;

/** A number that a row stands for. */
export class TabularRegressor extends TabularModel<TableValues> {
  readonly task = 'tabular-regression';
  readonly card: Readonly<Record<string, unknown>>;
  protected readonly paramsOfComparison = {};
  private readonly tolerance: number | undefined;

  constructor(
    { features, output }: TabularRegressorSpec,
    graph: GraphInfo,
    target?: string,
    readonly unit?: string,
  ) {
    super(features, graph, target);
    this.tolerance = output.tolerance;
    this.card = { features, ...(unit !== undefined && { unit }) };
  }

  /** There are no classes to choose from. @throws as `TabularModel.rowsInput` */
  input(rows: readonly (SentRow | EyrieError)[], _topK?: number): Promise<InferenceInput> {
    return this.rowsInput(rows, {});
  }

  /** @throws as `TabularModel.csvInput` */
  inputOfCsv(csv: Buffer, options: CsvOptions, _topK?: number): Promise<InferenceInput> {
    return this.csvInput(csv, {}, options);
  }

  answer(sent: unknown): TableValues {
    const { values, faults } = sent as SentValues;
    return { rows: values.length, values, faults: faultsOf(faults) };
  }

  /** @throws EyrieError where the row has no answer */
  numberOf({ values, faults }: TableValues, row: number): number {
    const fault = faults.get(row);
    if (fault) throw fault;
    return shortest(values[row]!);
  }

  headline(): undefined {
    return undefined;
  }

  tally({ values, faults }: TableValues): Tally {
    return { values: faults.size === 0 ? values : values.filter((_, row) => !faults.has(row)) };
  }

  compare(answer: TableValues, other: TableValues): Comparison {
    const [value, otherValue] = [answer.values[0]!, other.values[0]!];
    const allowed = this.tolerance ?? USUAL_TOLERANCE * Math.max(Math.abs(value), Math.abs(otherValue));
    const say = (answered: TableValues) => ({ value: answered.faults.has(0) ? null : shortest(answered.values[0]!) });
    return { agreed: Math.abs(value - otherValue) <= allowed, said: [say(answer), say(other)] };
  }

  readonly cache: AnswerCodec<TableValues> = {
    key: (params) => String((params as TableParams).rows),
    breadth: () => Infinity,
    encode: ({ values, faults }) => (faults.size > 0 ? '' : encodeNumbers(values)),
    decode: (text, params) => {
      const values = decode(text);
      const { rows } = params as TableParams;
      return values?.length === rows ? { output: { rows, values, faults: new Map() }, breadth: Infinity } : undefined;
    },
    narrowed: (output) => output,
  };
}

function decode(text: string): Float64Array | undefined {
  try {
    return decodeNumbers(text, Float64Array);
  } catch {
    return undefined;
  }
}

/** Digits of which one more would be none that a float32 holds. */
const FLOAT32_DIGITS = [7, 8, 9];

/** The shortest decimal for what a graph gives as float32: 152.3, not 152.3000030517578. */
function shortest(value: number): number {
  if (Math.fround(value) !== value) return value;
  for (const digits of FLOAT32_DIGITS) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}
