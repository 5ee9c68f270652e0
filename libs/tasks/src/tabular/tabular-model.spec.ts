import { AllRefusedError, type EyrieError, type InferenceInput } from '#core';
import type { Cell, FeatureSpec } from './feature';
import { portsOf } from './ports';
import { TabularClassifier } from './tabular-classifier';
import { TabularRegressor } from './tabular-regressor';

const SPEC = { kind: 'classification', output: { name: 'p', activation: 'none' }, labels: ['no', 'yes'] } as const;
const matrix = (columns: number, type = 'float32') => ({
  inputs: [{ name: 'x', type, shape: [-1, columns] }],
  outputs: [{ name: 'p', type: 'float32', shape: [-1, 2] }],
});
const numbers = (...names: string[]): FeatureSpec[] => names.map((name) => ({ name, type: 'number' }));

const MIXED: FeatureSpec[] = [
  { name: 'age', type: 'number', input: 'n' },
  { name: 'city', type: 'category', input: 'c' },
  { name: 'kids', type: 'number', input: 'k' },
  { name: 'smoker', type: 'boolean', input: 'b' },
  { name: 'size', type: 'category', values: ['S', 'M', 'L'], input: 'n' },
  { name: 'bmi', type: 'number', required: false, input: 'n' },
  { name: 'rooms', type: 'number', default: 3, input: 'k' },
  { name: 'note', type: 'category', required: false, input: 'c' },
];
const MIXED_GRAPH = {
  inputs: [
    { name: 'n', type: 'float32', shape: ['rows', 3] },
    { name: 'c', type: 'string', shape: ['rows', 2] },
    { name: 'k', type: 'int64', shape: ['rows', 2] },
    { name: 'b', type: 'bool', shape: ['rows'] },
  ],
  outputs: [],
};
const mixed = new TabularClassifier({ ...SPEC, features: MIXED }, MIXED_GRAPH);
const GOOD = { age: 40.5, city: 'Tromsø', kids: 2, smoker: true, size: 'L' };

const named = (row: Record<string, Cell>, path = 'features') => ({
  names: Object.keys(row),
  values: Object.values(row),
  path,
});
const ordered = (...values: Cell[]) => ({ values, path: 'features' });
const refusal = (input: Promise<InferenceInput>): Promise<EyrieError> => input.then(() => Promise.reject(new Error('it was taken')), (error: EyrieError) => error); // prettier-ignore

function laidOut({ payload }: InferenceInput) {
  const [n, c, k, b] = payload as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  return {
    n: [...new Float32Array(n.slice().buffer)],
    c: Buffer.from(c).toString('latin1'),
    k: [...new BigInt64Array(k.slice().buffer)].map(Number),
    b: [...b],
  };
}

describe('a row', () => {
  it('is the same by name, in any order, and by position', async () => {
    const byName = await mixed.input([named({ size: 'L', kids: 2, smoker: true, age: 40.5, city: 'Tromsø' })], 2);
    const inOrder = await mixed.input([ordered(40.5, 'Tromsø', 2, true, 'L', null, null, null)], 2);
    expect([byName.params, byName.payload]).toEqual([inOrder.params, inOrder.payload]);
    expect(byName).toMatchObject({ cost: 1, questions: 1, params: { rows: 1, topK: 2 } });
    expect(laidOut(byName)).toEqual({ n: [40.5, 2, NaN], c: '\x07\0\0\0Troms\xc3\xb8\0\0\0\0', k: [2, 3], b: [1] });
  });

  it.each<[what: string, row: Record<string, Cell>, detail: string]>([
    ['a feature is unknown', { ...GOOD, weight: 1 }, 'features.weight is no feature of the model; it has age, city, kids, smoker, size, bmi, rooms, note'], // prettier-ignore
    ['one is missing', { ...GOOD, age: null }, 'features.age is missing'],
    ['a number is a text', { ...GOOD, age: '40' }, 'features.age must be a number'],
    ['a number is too large', { ...GOOD, age: 1e39 }, 'features.age is too large for the model, which takes float32'],
    ['a number is not whole', { ...GOOD, kids: 1.5 }, 'features.kids must be a whole number'],
    ['a whole number is not exact', { ...GOOD, kids: 2 ** 60 }, 'features.kids must be a whole number'],
    ['true is 1', { ...GOOD, smoker: 1 }, 'features.smoker must be true or false'],
    ['a text is a number', { ...GOOD, city: 7 }, 'features.city must be a text'],
    ['a category is none', { ...GOOD, size: 'XL' }, 'features.size must be one of S, M, L'],
    ['there is nothing', {}, 'features.age is missing'],
  ])('is refused by the name of its feature where %s', async (_, row, detail) => {
    expect(await refusal(mixed.input([named(row)]))).toMatchObject({ code: 'INVALID_REQUEST', message: detail });
  });

  it('is refused by position and name where it is in order', async () => {
    expect((await refusal(mixed.input([ordered(40.5, 'Oslo', 2, true)]))).message).toBe(
      'features must have 8 values, for age, city, kids, smoker, size, bmi, rooms, note in this order; it has 4',
    );
    const wrong = ordered(40.5, 'Oslo', 'two', true, 'L', null, null, null);
    expect((await refusal(mixed.input([wrong]))).message).toBe('features[2] ("kids") must be a number');
  });

  it('among others is refused alone, and so is what could not be received', async () => {
    const rows = [named(GOOD), named({ ...GOOD, kids: 0.5 }, 'items[1].features'), named({ ...GOOD, kids: 9 })];
    const input = await mixed.input(rows);
    expect(laidOut(input).k).toEqual([2, 3, 9, 3]);
    expect(input).toMatchObject({ cost: 2, questions: 2, params: { rows: 2 } });
    expect([...input.refused!].map(([place, { message }]) => [place, message])).toEqual([
      [1, 'items[1].features.kids must be a whole number'],
    ]);
    const none = await refusal(mixed.input([named({}), named({})]));
    expect(none).toBeInstanceOf(AllRefusedError);
    expect((none as AllRefusedError).refused).toHaveLength(2);
  });
});

describe('a CSV', () => {
  const csv = (text: string, maxRows = 100) => mixed.inputOfCsv(Buffer.from(text), { maxRows });
  const HEADER = 'smoker,age,city,size,kids';

  it('names its columns in any order; a cell with nothing in it is a missing value', async () => {
    const input = await csv(`${HEADER},bmi\r\nTrue,40.5,"Troms\u00f8",L,2,\r\n0,1e1,"a, ""b""",S,-1, 22.5 \r\n`);
    expect(laidOut(input)).toEqual({
      n: [40.5, 2, NaN, 10, 0, 22.5],
      c: `\x07\0\0\0Troms\xc3\xb8\0\0\0\0\x06\0\0\0a, "b"\0\0\0\0`,
      k: [2, 3, -1, 3],
      b: [1, 0],
    });
  });

  it.each([
    ['5', 5], ['-0.25', -0.25], ['+7', 7], ['.5', 0.5], ['5.', 5], ['007', 7], ['1e-05', Math.fround(1e-5)], [' 3 ', 3], ['"4"', 4],
  ])('takes %s for %d', async (text, value) => {
    expect(laidOut(await csv(`${HEADER}\n1,${text},a,L,2`)).n[0]).toBe(value);
  }); // prettier-ignore

  it.each<[what: string, row: string, detail: string]>([
    ['a text for a number', '1,x,a,L,2', 'rows[1].age must be a number'],
    ['hexadecimals', '1,0x10,a,L,2', 'rows[1].age must be a number'],
    ['NaN', '1,nan,a,L,2', 'rows[1].age must be a finite number'],
    ['infinity', '1,-Infinity,a,L,2', 'rows[1].age must be a finite number'],
    ['1e400', '1,1e400,a,L,2', 'rows[1].age must be a finite number'],
    ['nothing', '1,,a,L,2', 'rows[1].age is missing'],
    ['neither true nor false', 'yes,1,a,L,2', 'rows[1].smoker must be true or false'],
    ['a cell too few', '1,1,a,L', 'rows[1] has 4 cells, but the header has 5; it is on line 3'],
    ['a cell too many', '1,1,a,L,2,3', 'rows[1] has 6 cells, but the header has 5; it is on line 3'],
    ['an empty line', '', 'rows[1] is an empty line, line 3'],
    ['a lone quotation mark', '1,1,a"b,L,2', 'rows[1] has a quotation mark inside a cell'],
  ])('with %s in a row loses that row alone', async (_, row, detail) => {
    const good = '1,1,a,L,2';
    const { refused, params } = await csv([HEADER, good, row, good].join('\n'));
    expect(params).toMatchObject({ rows: 2 });
    expect([...refused!.keys()]).toEqual([1]);
    expect(refused!.get(1)!.message).toContain(detail);
  });

  it.each<[what: string, text: string, detail: string]>([
    ['no rows', HEADER, 'the CSV has a header and no rows'],
    ['nothing in it', '\n', 'the CSV has no header; name the features in its first line: age, city'],
    ['an unknown column', `${HEADER},weight\n`, 'header.weight is no feature of the model; it has age, city'],
    ['a column twice', `${HEADER},age\n`, 'header.age is there more than once'],
    ['a column missing', 'smoker,age,city,size\n', 'header.kids is missing'],
    ['space around a name', 'smoker, age,city,size,kids\n', '"age" is, without the space around it'],
    ['semicolons', 'smoker;age;city;size;kids\n', 'separate them by commas, not by ";"'],
    ['tabs', 'smoker\tage\n', 'separate them by commas, not by a tab'],
    ['values and no header', '1,40,a,L,2\n1,40,a,L,2', 'header.1 is no feature of the model'],
    ['a row too many', `${HEADER}\n${'1,1,a,L,2\n'.repeat(101)}`, 'the CSV has more than 100 rows; send it in parts'],
    ['10,001 columns', Array.from({ length: 10_002 }, (_, i) => `c${i}`).join(','), 'more than 10000 columns'],
  ])('is refused as a whole with %s', async (_, text, detail) => {
    expect(await refusal(csv(text))).toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining(detail),
    });
  });

  it('of another encoding is refused', async () => {
    const latin1 = Buffer.from(`${HEADER}\n1,1,Troms\u00f8,L,2`, 'latin1');
    expect((await refusal(mixed.inputOfCsv(latin1, { maxRows: 1 }))).message).toBe('the CSV is not UTF-8');
  });

  it('may have other columns where that is said, and tells what is in them', async () => {
    const seen: unknown[] = [];
    const options = { maxRows: 9, others: ['right', 'absent'], onOthers: (texts: unknown) => seen.push(texts) };
    await mixed.inputOfCsv(Buffer.from(`${HEADER},right\n1,1,a,L,2,"y""es"`), options);
    expect(seen).toEqual([['y"es', undefined]]);
  });
});

describe('the columns of a graph', () => {
  const ports = (features: FeatureSpec[], graph: { inputs: Parameters<typeof portsOf>[1] }) =>
    portsOf(features, graph.inputs);

  it.each<[what: string, features: FeatureSpec[], graph: { inputs: Parameters<typeof portsOf>[1] }, detail: string]>([
    ['too few features', numbers('a'), matrix(2), 'input "x" takes 2 columns, but 1 features'],
    ['too many features', numbers('a', 'b', 'c'), matrix(2), 'input "x" takes 2 columns, but 3 features'],
    ['an input that is not said', numbers('a', 'b'), MIXED_GRAPH, 'feature "a" must say which "input" takes it; the graph has n, c, k, b'], // prettier-ignore
    [
      'an input that is not there',
      [{ name: 'a', type: 'number', input: 'y' }],
      matrix(1),
      'the graph has no input "y"',
    ],
    ['a category for numbers', [{ name: 'a', type: 'category' }], matrix(1), 'give its "values"'],
    ['a number for texts', numbers('a'), matrix(1, 'string'), 'it must be a category'],
    ['a whole number that may be missing', [{ name: 'a', type: 'number', required: false }], matrix(1, 'int64'), 'give it a "default"'], // prettier-ignore
    ['an input that is no table', numbers('a'), { inputs: [{ name: 'x', type: 'float32', shape: [-1, 1, 1] }] }, 'is [-1, 1, 1], and a table is [rows, columns]'], // prettier-ignore
    ['an input of another type', numbers('a'), matrix(1, 'uint8'), 'input "x" is uint8; a table is float32'],
  ])('are refused with %s', (_, features, graph, detail) => {
    expect(() => ports(features, graph)).toThrow(detail);
  });

  it('take 10,000 features, each of them by its name', async () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `f${i}`);
    const model = new TabularClassifier({ ...SPEC, features: numbers(...names) }, matrix(10_000));
    const row = named(Object.fromEntries([...names].reverse().map((name) => [name, Number(name.slice(1))])));
    const { payload } = await model.input([row]);
    expect([...new Float32Array(payload[0]!.slice().buffer)].every((value, i) => value === i)).toBe(true);
  });
});

describe('the answers of two versions', () => {
  const two = new TabularClassifier({ ...SPEC, features: numbers('a') }, matrix(1));
  const sent = (classIds: number[], scores: number[], perRow = 1) => ({
    perRow,
    classIds: Int32Array.from(classIds),
    scores: Float64Array.from(scores),
    faults: [],
  });

  it('agree where the best class has the same label', () => {
    const turned = new TabularClassifier({ ...SPEC, labels: ['yes', 'no'], features: numbers('a') }, matrix(1));
    const yes = two.answer(sent([1], [0.9]));
    expect(two.compare(yes, turned.answer(sent([0], [0.7])))).toMatchObject({ agreed: true, confidenceShift: expect.closeTo(-0.2) }); // prettier-ignore
    expect(two.compare(yes, turned.answer(sent([1], [0.7])))).toMatchObject({
      agreed: false,
      said: [{ label: 'yes', confidence: 0.9 }, { label: 'no', confidence: 0.7 }],
    }); // prettier-ignore
  });

  it('of a regression agree within its tolerance, or a hundredth', () => {
    const spec = { kind: 'regression', features: numbers('a') } as const;
    const usual = new TabularRegressor({ ...spec, output: { name: 'p' } }, matrix(1));
    const wide = new TabularRegressor({ ...spec, output: { name: 'p', tolerance: 5 } }, matrix(1));
    const value = (number: number) => usual.answer({ values: Float64Array.of(number), faults: [] });
    const agreed = (model: TabularRegressor, a: number, b: number) => model.compare(value(a), value(b)).agreed;
    expect([agreed(usual, 100, 100.9), agreed(usual, 100, 102), agreed(wide, 100, 104.9), agreed(wide, 100, 106)]).toEqual([true, false, true, false]); // prettier-ignore
    expect(usual.numberOf(value(Math.fround(152.3)), 0)).toBe(152.3);
    expect(usual.numberOf(value(0.1 + 0.2), 0)).toBe(0.1 + 0.2);
  });

  it('are counted row by row, but for rows without one', () => {
    const answer = two.answer({ ...sent([1, 0, 1, 1], [0.9, 0.8, 0.7, 0]), faults: [{ row: 3, code: 'WORKER_FAILED', detail: 'NaN' }] }); // prettier-ignore
    expect(two.tally(answer)).toEqual({
      classes: [{ class_id: 1, label: 'yes', count: 2 }, { class_id: 0, label: 'no', count: 1 }],
      confidences: [0.9, 0.8, 0.7],
    }); // prettier-ignore
    expect(() => two.classesOf(answer, 3)).toThrow('NaN');
  });

  it('come back from the cache as they were, and are not kept with a row that failed', async () => {
    const { params } = await two.input([ordered(1), ordered(2)], 2);
    const answer = two.answer(sent([1, 0, 0, 1], [0.9, 0.1, 0.6, 0.4], 2));
    expect(two.cache.decode(two.cache.encode(answer, params)!, params)).toEqual({ output: answer, breadth: 2 });
    expect(two.cache.narrowed(answer, { ...params, topK: 1 })).toEqual(two.answer(sent([1, 0], [0.9, 0.6], 1)));
    const other = { ...params, rows: 3 };
    expect(two.cache.decode(two.cache.encode(answer, other)!, other)).toBeUndefined();
    const failed = { ...answer, faults: two.answer({ ...sent([0], [0]), faults: [{ row: 0, code: 'WORKER_FAILED', detail: '' }] }).faults }; // prettier-ignore
    expect(two.cache.decode(two.cache.encode(failed, params)!, params)).toBeUndefined();
  });

  it('are asked of a shadow by the first row, laid out as the shadow has its columns', async () => {
    const turned = MIXED.map((feature) => ({ ...feature, input: undefined })).reverse();
    const inputs = turned.map(({ name, type }, i) => ({ name: `in${i}`, type: type === 'category' && name !== 'size' ? 'string' : 'float64', shape: [-1] })); // prettier-ignore
    const features = turned.map((feature, i) => ({ ...feature, input: `in${i}` }));
    const shadow = new TabularClassifier({ ...SPEC, features }, { inputs, outputs: [] });
    const asked = await mixed.input([named(GOOD), named({ ...GOOD, city: 'Oslo' })], 2);
    const alone = await shadow.input([named(GOOD)]);
    const wanted = { params: alone.params, payload: alone.payload, cost: 1, questions: 1 };
    expect(shadow.forComparison(asked)).toEqual(wanted);
    const text = 'age,city,kids,smoker,size\nx,,,,\n40.5,"Troms\u00f8",2,True,L\n1,Oslo,1,0,S\n';
    const ofCsv = await mixed.inputOfCsv(Buffer.from(text), { maxRows: 9 });
    expect(shadow.forComparison(ofCsv)).toEqual(wanted);
    const other = new TabularClassifier({ ...SPEC, features: numbers('weight') }, matrix(1));
    expect(() => other.forComparison(asked)).toThrow('features.age is no feature of the model; it has weight');
  });
});
