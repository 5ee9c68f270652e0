import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { postImage, postJson, request } from '#testing/http';
import { randomPng } from '#testing/images';
import { temporaryFolder, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';
import { EXPECTED, strictCategories, writeTableVersion } from '#testing/table-models';
import { until } from '#testing/until';

/** One of a batch. */
interface Result {
  index: number;
  predictions?: { label: string }[];
  value?: number;
  error?: { code: string; detail: string };
}

const IRIS = ['sepal length', 'sepal width', 'petal length', 'petal width'];
const features = (...names: string[]) => names.map((name) => ({ name, type: 'number' }));
const SPECIES = { labels: ['setosa', 'versicolor', 'virginica'] };
const scores = (name: string) => ({ output: { name, activation: 'none' }, ...SPECIES });

let registry: TemporaryFolder;
let server: TestServer;
beforeAll(async () => {
  registry = temporaryFolder();
  const classify = { task: 'tabular-classification', features: features(...IRIS) };
  // Two that agree on most flowers, and a third whose columns have other names.
  writeTableVersion(registry.path, 'iris', 1, 'sklearn-double', { ...classify, ...scores('probabilities') });
  writeTableVersion(registry.path, 'iris', 2, 'sklearn-strings', { ...classify, ...scores('probabilities') });
  const inputs = ['petal_length', 'petal_width', 'city', 'kids'];
  writeTableVersion(registry.path, 'columns', 1, 'sklearn-columns', {
    task: 'tabular-classification',
    features: [
      { name: 'petal length', type: 'number', required: false, input: inputs[0] },
      { name: 'petal width', type: 'number', input: inputs[1] },
      { name: 'city', type: 'category', values: ['oslo', 'bergen', 'tromsø'], input: inputs[2] },
      { name: 'kids', type: 'number', default: 0, input: inputs[3] },
    ],
    ...scores('probabilities'),
  });
  const ten = Array.from({ length: 10 }, (_, i) => `f${i}`);
  writeTableVersion(registry.path, 'progress', 1, 'xgboost-regression', {
    task: 'tabular-regression',
    features: features(...ten),
    output: { name: 'variable' },
    target: 'progression',
    unit: 'points',
  });
  writeTableVersion(registry.path, 'strict', 1, strictCategories('a', 'b'), {
    task: 'tabular-classification',
    features: [{ name: 'text', type: 'category' }],
    output: { name: 'scores', activation: 'none' },
    labels: ['is a', 'is b'],
  });
  const policy = { revision: 1, aliases: {}, default: 1, shadows: [{ version: 2, percent: 100 }] };
  writeFileSync(join(registry.path, 'iris/policy.json'), JSON.stringify(policy));
  server = await startServer({
    MODEL_REGISTRY: registry.path,
    MODEL_NAME: 'iris',
    LOAD: 'all',
    CACHE_MAX_BYTES: '1000000',
    MAX_TABLE_ROWS: '5000',
  });
});
afterAll(async () => {
  await server.stop();
  registry.remove();
});

const predict = (body: unknown, model = 'iris') => postJson(`${server.url}/v1/predict?model=${model}`, body);
const batch = (items: unknown[], query = '') =>
  postJson(`${server.url}/v1/predict/batch?model=iris${query}`, { items });
const csv = (text: string, model = 'iris', query = '') =>
  request(`${server.url}/v1/predict/batch?model=${model}${query}`, {
    method: 'POST',
    body: text,
    headers: { 'Content-Type': 'text/csv; charset=utf-8' },
  });
const asNamed = (values: readonly unknown[]) => Object.fromEntries(IRIS.map((name, i) => [name, values[i]]));

describe('a row', () => {
  const { rows, answers } = EXPECTED['sklearn-double']!;

  it('is answered as scikit-learn answers it, by position and by name', async () => {
    for (const [i, row] of rows.entries()) {
      const { status, body } = await predict({ features: row });
      expect(status).toBe(200);
      expect(body.model).toEqual({ name: 'iris', version: 1, variant: null });
      const wanted = answers[i] as number[];
      const found = [...body.predictions].sort((a, b) => a.class_id - b.class_id);
      found.forEach(({ confidence }, classId) => expect(confidence).toBeCloseTo(wanted[classId]!, 5));
      expect(body.predictions![0]!.label).toBe(SPECIES.labels[wanted.indexOf(Math.max(...wanted))]);
      const turned = Object.fromEntries(Object.entries(asNamed(row)).reverse());
      expect(await predict({ features: turned, top_k: 3 })).toMatchObject({ body: { predictions: body.predictions, cached: true } }); // prettier-ignore
    }
  });

  it('of a regression has a value', async () => {
    const expected = EXPECTED['xgboost-regression']!;
    for (const [i, row] of expected.rows.entries()) {
      const { body } = await predict({ features: row }, 'progress');
      expect(body.value).toBeCloseTo(expected.answers[i] as number, 3);
      expect(body).not.toHaveProperty('predictions');
    }
  });

  it('of numbers and texts may leave out what the version lets it', async () => {
    const expected = EXPECTED['sklearn-columns']!;
    for (const [i, [length, width, city, kids]] of expected.rows.entries()) {
      const { body } = await predict(
        { features: { city, kids, 'petal width': width, 'petal length': length } },
        'columns',
      );
      const wanted = expected.answers[i] as number[];
      const found = [...body.predictions].sort((a, b) => a.class_id - b.class_id);
      found.forEach(({ confidence }, classId) => expect(confidence).toBeCloseTo(wanted[classId]!, 4));
    }
    const { body } = await predict({ features: { city: 'oslo', 'petal width': 1, kids: 0 } }, 'columns');
    expect((await predict({ features: { city: 'oslo', 'petal width': 1 } }, 'columns')).body.predictions).toEqual(body.predictions); // prettier-ignore
  });

  it.each<[what: string, body: unknown, model: string, detail: string]>([
    ['a feature is unknown', { features: { ...asNamed([1, 2, 3, 4]), colour: 1 } }, 'iris', 'features.colour is no feature of the model; it has sepal length'], // prettier-ignore
    ['one is missing', { features: { 'sepal length': 1 } }, 'iris', 'features.sepal width is missing'],
    ['there are too few', { features: [1, 2] }, 'iris', 'features must have 4 values'],
    ['one is given twice', '{"features":{"sepal length":1,"sepal length":1}}', 'iris', 'features.sepal length is given more than once'], // prettier-ignore
    ['one is NaN', '{"features":[1,2,3,NaN]}', 'iris', 'features[3] is NaN or Infinity'],
    ['one is 1e400', '{"features":[1,2,3,1e400]}', 'iris', 'features[3] is a number that is too large'],
    ['one is a text', { features: [1, 2, 3, '4'] }, 'iris', 'features[3] ("petal width") must be a number'],
    ['one is null', { features: [1, 2, 3, null] }, 'iris', 'features[3] ("petal width") is missing'],
    ['a category is none', { features: { city: 'paris', 'petal width': 1 } }, 'columns', 'features.city must be one of oslo, bergen, tromsø'], // prettier-ignore
    ['there are 10,001', { features: Array.from({ length: 10_001 }, () => 1) }, 'iris', 'features has more than 10000 values'], // prettier-ignore
    ['there are 10,000', { features: Array.from({ length: 10_000 }, () => 1) }, 'iris', 'features must have 4 values'],
    ['it is an image', { image: 'aGVsbG8=' }, 'iris', 'send {"features": {…}} as JSON, with sepal length'],
    ['it is a tensor', { inputs: { X: [[1, 2, 3, 4]] } }, 'iris', 'inputs is for models of tensors'],
    [
      'more classes are asked for than there are',
      { features: [1, 2, 3, 4], top_k: 4 },
      'iris',
      'top_k must be at most 3',
    ],
    [
      'classes are asked of a regression',
      { features: [1], top_k: 1 },
      'progress',
      'top_k is for models that name classes',
    ],
  ])('is refused in words where %s', async (_, body, model, detail) => {
    const answer = await predict(body, model);
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toContain(detail);
  });

  it('is no CSV, and a picture is no row', async () => {
    const headers = { 'Content-Type': 'text/csv' };
    const { status, body } = await request(`${server.url}/v1/predict`, { method: 'POST', body: 'a\n1\n', headers });
    expect([status, body.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    expect((await postImage(`${server.url}/v1/predict`, await randomPng())).status).toBe(400);
  });
});

describe('a batch', () => {
  const { rows, answers } = EXPECTED['sklearn-double']!;
  const labels = (answers as number[][]).map((row) => SPECIES.labels[row.indexOf(Math.max(...row))]);

  it('is answered in its order, with what is wrong in its place', async () => {
    const items = [{ features: rows[0] }, { features: [1] }, { features: asNamed(rows[1]!) }, { image: 'aGVsbG8=' }, 7];
    const { status, body } = await batch([...items, { features: rows[2] }], '&top_k=1');
    expect(status).toBe(200);
    expect(
      body.results.map(({ index, predictions, error }: Result) => [index, predictions?.[0]!.label ?? error!.detail]),
    ).toEqual([
      // prettier-ignore
      [0, labels[0]],
      [1, expect.stringContaining('items[1].features must have 4 values')],
      [2, labels[1]],
      [3, expect.stringContaining('send {"features": {…}}')],
      [4, 'items[4] must be a JSON object'],
      [5, labels[2]],
    ]);
  });

  it('of nothing but mistakes has an error for each', async () => {
    const { status, body } = await batch([{ features: [1] }, { features: [] }, {}]);
    expect(status).toBe(200);
    expect(body.results.map(({ error }: Result) => error!.code)).toEqual(Array(3).fill('INVALID_REQUEST'));
  });

  it('may be a CSV, whatever the order of its columns and the end of its lines', async () => {
    const lines = rows.map((row) => [row[3], row[0], `"${String(row[2])}"`, row[1]].join(','));
    const text = `\ufeff${['petal width', 'sepal length', '"petal length"', 'sepal width', ''].join(',').slice(0, -1)}\r\n`;
    const { body } = await csv(`${text + lines.join('\r\n')}\r\n\r\n`, 'iris', '&top_k=1');
    expect(body.results.map(({ predictions }: Result) => predictions![0]!.label)).toEqual(labels);
  });

  it('as a CSV is refused as a whole for its header, and row by row for its rows', async () => {
    const wrong = await csv('sepal length,sepal width,petal length,colour\n1,2,3,4\n');
    expect([wrong.status, wrong.body.detail]).toEqual([400, expect.stringContaining('header.colour is no feature')]);
    const one = await csv(`${IRIS.join(',')}\n1,2,three,4\n`);
    expect([one.status, one.body.results]).toEqual([
      200,
      [{ index: 0, error: { code: 'INVALID_REQUEST', detail: 'rows[0].petal length must be a number' } }],
    ]);
    const { body } = await csv(`${IRIS.join(',')}\n1,2,3,4\n\n1,2,3\n${rows[0]!.join(',')}\n`, 'iris', '&top_k=1');
    expect(body.results.map(({ predictions, error }: Result) => predictions?.[0]!.label ?? error!.detail)).toEqual([
      expect.any(String),
      'rows[1] is an empty line, line 3',
      'rows[2] has 3 cells, but the header has 4; it is on line 4',
      labels[0],
    ]);
  });

  it('of 5,000 rows is answered row by row, and one more is refused', async () => {
    const row = (i: number) => rows[i % rows.length]!.join(',');
    const text = (count: number) => [IRIS.join(','), ...Array.from({ length: count }, (_, i) => row(i))].join('\n');
    const { body } = await csv(text(5000), 'iris', '&top_k=1');
    expect(body.results).toHaveLength(5000);
    const wrong = body.results.filter(
      ({ index, predictions }: Result) => predictions![0]!.label !== labels[index % labels.length],
    );
    expect(wrong).toEqual([]);
    expect((await csv(text(5001))).body.detail).toBe('the CSV has more than 5000 rows; send it in parts');
    const items = Array.from({ length: 5000 }, (_, i) => ({ features: rows[i % rows.length] }));
    expect((await batch(items, '&top_k=1')).body.results).toEqual(body.results);
    expect((await batch([...items, items[0]])).body.detail).toContain(
      'or to 5000 items (MAX_TABLE_ROWS=5000) where they have "features"',
    );
  });

  it('of a regression has a value for each row', async () => {
    const { rows: asked, answers: wanted } = EXPECTED['xgboost-regression']!;
    const text = [asked[0]!.map((_, i) => `f${i}`), ...asked].map((row) => row.join(',')).join('\n');
    const { body } = await csv(text, 'progress');
    body.results.forEach(({ value }: Result, i: number) => expect(value).toBeCloseTo(wanted[i] as number, 3));
  });
});

it('loses only the rows that the graph itself does not take', async () => {
  const { body } = await csv('text\na\nzzz\nb\n', 'strict', '&top_k=1');
  expect(body.results.map(({ predictions, error }: Result) => predictions?.[0]!.label ?? error!.code)).toEqual([
    'is a',
    'INVALID_REQUEST',
    'is b',
  ]);
  expect(body.results[1].error.detail).toContain('the model does not take this row');
  const together = ['a', 'zzz', 'b', 'zzz', 'b', 'a'].map((text) =>
    predict({ features: { text }, top_k: 1 }, 'strict'),
  );
  const answers = (await Promise.all(together)).map(({ status, body: one }) => one.predictions?.[0].label ?? status);
  expect(answers).toEqual(['is a', 400, 'is b', 400, 'is b', 'is a']);
  const many = await csv(`text\n${'zzz\n'.repeat(300)}a\n`, 'strict');
  expect(new Set(many.body.results?.map(({ error }: Result) => error?.code) ?? [many.body.code])).toEqual(
    new Set(['INVALID_REQUEST']),
  );
});

it('tells what it takes and gives', async () => {
  const { body } = await request(`${server.url}/v1/models/iris/versions/1`);
  expect(body).toMatchObject({ features: features(...IRIS), labels: SPECIES.labels });
  expect((await request(`${server.url}/v1/models/progress/versions/1`)).body).toMatchObject({ unit: 'points' });
});

it('counts rows, their classes and values, and those that were refused', async () => {
  const metrics = async () => (await request(`${server.url}/metrics`)).text;
  const sample = async (name: string) => Number((await metrics()).split('\n').find((line) => line.startsWith(name))?.split(' ').at(-1) ?? 0); // prettier-ignore
  const asked = 'predictions_total{model="columns",version="1",variant="",outcome=';
  const before = await sample(`${asked}"success"}`);
  await csv('city,petal width\noslo,0.1\noslo,0.2\nparis,1\n', 'columns', '&top_k=1');
  expect((await sample(`${asked}"success"}`)) - before).toBe(2);
  expect(await sample(`${asked}"INVALID_REQUEST"}`)).toBeGreaterThanOrEqual(1);
  expect(await metrics()).toMatch(
    /prediction_class_total\{model="columns",version="1",class_id="0",label="setosa"\} [1-9]/,
  );
  expect(await sample('prediction_value_count{model="progress",version="1"}')).toBeGreaterThan(0);
});

it('is compared with its shadow by the best class', async () => {
  const shadow = async () => (await request(`${server.url}/v1/models/iris/shadow`)).body.shadows[0];
  await predict({ features: [5, 3, 1.5, 0.25] });
  await until(async () => (await shadow())?.compared > 0, 'the shadow has answered');
  expect(await shadow()).toMatchObject({ version: 2, failed: 0 });
});
