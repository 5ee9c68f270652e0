import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eyrie } from '#testing/cli';
import { BUNDLED_REGISTRY, REPOSITORY, temporaryFolder, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';
import { EXPECTED, tableModel } from '#testing/table-models';

const folder: TemporaryFolder = temporaryFolder();
let server: TestServer;
beforeAll(async () => {
  mkdirSync(join(folder.path, 'models'));
  const here = { MODEL_REGISTRY: BUNDLED_REGISTRY, MODEL_NAME: 'diabetes', LOAD: 'explicit', LOAD_ON_DEMAND: 'true' };
  server = await startServer(here);
});
afterAll(async () => {
  await server.stop();
  folder.remove();
});

const run = (...args: (string | number)[]) => eyrie(args, { MODEL_REGISTRY: BUNDLED_REGISTRY });
const sample = (name: string) => join(REPOSITORY, 'samples', `${name}.csv`);
const manifestOf = (name: string) =>
  JSON.parse(readFileSync(join(BUNDLED_REGISTRY, name, '1/model.json'), 'utf8')) as Record<
    string,
    Record<string, unknown>
  >;
const file = (name: string, content: string): string => {
  const path = join(folder.path, name);
  writeFileSync(path, content);
  return path;
};

/** The first row, with a word for what is right. */
function textAsTarget(): string {
  const [header, row] = readFileSync(sample('diabetes'), 'utf8').split('\n');
  return `${header}\n${row!.replace(/[^,]+$/, 'much')}\n`;
}

describe('evaluate --csv', () => {
  it('says of the bundled models what their manifests say', async () => {
    const cancer = await run('evaluate', 'breast-cancer', '--csv', sample('breast-cancer'), '--json');
    const { rows, top1 } = manifestOf('breast-cancer').evaluation!;
    expect(cancer.json).toMatchObject({ model: 'breast-cancer', version: 1, rows, refused: [] });
    expect(cancer.json.accuracy).toBeCloseTo(top1 as number, 4);
    const diabetes = await run('evaluate', 'diabetes', '--csv', sample('diabetes'), '--json');
    const wanted = manifestOf('diabetes').evaluation!;
    for (const name of ['rows', 'r2', 'mae', 'rmse'])
      expect(diabetes.json[name]).toBeCloseTo(wanted[name] as number, 3);
  });

  it('gets the same from a server, and leaves out rows that cannot be asked', async () => {
    const lines = readFileSync(sample('diabetes'), 'utf8').trim().split('\n');
    const csv = file('gaps.csv', [...lines, lines[1]!.replace(/^\d+/, 'old'), ''].join('\n'));
    const args = ['evaluate', 'diabetes', '--csv', csv, '--json'];
    await eyrie(['predict', '--server', server.url, '--model', 'diabetes', '--features', JSON.stringify(lines[1]!.split(',').slice(0, 10).map(Number))]); // prettier-ignore
    const [here, there] = [await run(...args), await run(...args, '--server', server.url)];
    expect(there.json).toEqual(here.json);
    expect(here.json.refused).toEqual([expect.stringMatching(/^line 113: rows\[111\]\.age must be a number/)]);
  });

  it.each<[what: string, args: string[], detail: RegExp]>([
    [
      'no such column',
      ['--csv', sample('diabetes'), '--target', 'y'],
      /has no column "y" for what is right.*progression/,
    ],
    ['a target that is no number', ['--csv', file('text.csv', textAsTarget())], /line 2: "much" is no number/],
    ['neither images nor a CSV', [], /give --images FOLDER .* or --csv FILE/],
    ['a file that is not there', ['--csv', 'nowhere.csv'], /cannot read nowhere\.csv/],
  ])('says what is wrong with %s', async (_, args, detail) => {
    const { code, stderr } = await run('evaluate', 'diabetes', ...args);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(detail);
  });
});

describe('predict', () => {
  it('asks with features, a CSV or JSON, here and of a server', async () => {
    const names = manifestOf('diabetes').features as unknown as { name: string }[];
    const [row, other] = readFileSync(sample('diabetes'), 'utf8').split('\n').slice(1, 3).map((line) => line.split(',').slice(0, 10).map(Number)); // prettier-ignore
    const named = Object.fromEntries(names.map(({ name }, i) => [name, row![i]]));
    const csv = file('two.csv', [names.map(({ name }) => name), row, other].join('\n'));
    const json = file('items.json', JSON.stringify({ items: [{ features: named }, { features: [1] }] }));
    for (const where of [[], ['--server', server.url]]) {
      const ask = (...args: string[]) => run('predict', '--model', 'diabetes', '--json', ...where, ...args);
      const [one, two, batch] = [await ask('--features', JSON.stringify(named)), await ask(csv), await ask(json)];
      const { value } = one.json[0];
      expect(value).toBeGreaterThan(0);
      expect(two.json[0].results).toEqual([
        { index: 0, value },
        { index: 1, value: expect.any(Number) },
      ]);
      expect(batch.json[0].results).toEqual([{ index: 0, value }, { index: 1, error: { code: 'INVALID_REQUEST', detail: expect.stringContaining('items[1].features must have 10 values') } }]); // prettier-ignore
      expect([one.code, two.code, batch.code]).toEqual([0, 0, 1]);
    }
    expect((await run('predict', '--model', 'diabetes', '--features', '{age: 1}')).stderr).toContain(
      '--features must be JSON',
    );
  });
});

it('models add names the features, and what was added can be asked', async () => {
  const registry = ['--registry', join(folder.path, 'models')];
  const features = file('features.txt', 'sepal length\nsepal width\npetal length\npetal width\n');
  const model = tableModel('sklearn-zipmap');
  const { code, stdout } = await run('models', 'add', model, '--name', 'iris', '--features', features, '--target', 'species', ...registry); // prettier-ignore
  expect([code, stdout]).toEqual([0, expect.stringMatching(/task +│ tabular-classification/)]);
  const [row] = EXPECTED['sklearn-zipmap']!.rows;
  const { json } = await run('predict', '--model', 'iris', '--features', JSON.stringify(row), '--json', ...registry);
  expect(json[0].predictions[0]).toMatchObject({ label: '0' });
  expect((await run('models', 'verify', ...registry)).stdout).toContain('iris version 1');
});
