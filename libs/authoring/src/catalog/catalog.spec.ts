import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidCatalogError, parseCatalog, readCatalog, sourcesOf, type CatalogEntry } from './catalog';

const BUNDLED = join(__dirname, '../../../../model-registry/catalog.json');

const ENTRY = {
  name: 'resnet50-v1-12',
  description: 'ResNet-50',
  license: 'Apache-2.0',
  path: 'resnet/resnet50-v1-12.onnx',
  urls: ['https://zoo.test/main/resnet50-v1-12.onnx'],
  sha256: 'a'.repeat(64),
  bytes: 10,
  preset: 'imagenet',
  labels: 'imagenet-labels.txt',
};
const parse = (...models: unknown[]) => parseCatalog(JSON.stringify({ schema: 1, models }));

describe('the catalog that comes with Eyrie', () => {
  let entries: CatalogEntry[];
  beforeAll(async () => (entries = await readCatalog(BUNDLED)));

  it('has ResNet-18 to 152 in both versions, and ResNet-50 in int8', () => {
    const depths = [18, 34, 50, 101, 152];
    const expected = [
      ...depths.flatMap((depth) => [`resnet${depth}-v1-7`, `resnet${depth}-v2-7`]),
      'resnet50-v1-12',
      'resnet50-v1-12-int8',
      'resnet50-v1-12-qdq',
    ];
    expect(entries.map(({ name }) => name).sort()).toEqual(expected.sort());
  });

  it('names every file once, with its size, and by its own name at every source', () => {
    expect(new Set(entries.map(({ sha256 }) => sha256)).size).toBe(entries.length);
    for (const { name, path, urls, bytes } of entries) {
      expect([path, ...urls].every((place) => place.endsWith(`/${name}.onnx`))).toBe(true);
      expect(urls).toContain(`https://media.githubusercontent.com/media/onnx/models/main/${path}`);
      expect(bytes).toBeGreaterThan(20e6);
    }
  });

  it('has the thousand labels of ImageNet', () => {
    for (const { labels } of entries) expect(existsSync(labels)).toBe(true);
    const lines = readFileSync(entries[0]!.labels, 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(1000);
    expect([lines[0], lines[208], lines[999]]).toEqual([
      'tench, Tinca tinca',
      'Labrador retriever',
      'toilet tissue, toilet paper, bathroom tissue',
    ]);
  });
});

it.each([
  ['surprise', 1, /models\[0\]\.surprise is not known here/],
  ['name', '../m', /models\[0\]\.name must be lower-case/],
  ['license', '', /models\[0\]\.license should not be empty/],
  ['path', '/etc/passwd', /models\[0\]\.path must be a relative path/],
  ['path', 'a/../b', /models\[0\]\.path/],
  ['labels', '../labels.txt', /models\[0\]\.labels must be a relative path/],
  ['urls', [], /models\[0\]\.urls must contain at least 1/],
  ['urls', ['http://zoo.test/x'], /models\[0\]\.urls must be https URLs/],
  ['urls', ['https://me:secret@zoo.test/x'], /models\[0\]\.urls must be https URLs/],
  ['urls', ['file:///etc/passwd'], /models\[0\]\.urls must be https URLs/],
  ['sha256', 'A'.repeat(64), /models\[0\]\.sha256 must be 64/],
  ['sha256', 'a'.repeat(63), /models\[0\]\.sha256 must be 64/],
  ['bytes', 0, /models\[0\]\.bytes must be a positive/],
  ['bytes', 1.5, /models\[0\]\.bytes must be an integer/],
  ['preset', 'poetry', /models\[0\]\.preset must be one of/],
])('is refused with %s = %j', (key, value, message) => {
  expect(() => parse({ ...ENTRY, [key]: value })).toThrow(message);
  expect(() => parse({ ...ENTRY, [key]: value })).toThrow(InvalidCatalogError);
});

it('is refused when it has a name twice, is of another format, or is no JSON', () => {
  expect(() => parse(ENTRY, ENTRY)).toThrow(/no two entries of the same name/);
  expect(() => parseCatalog('{"schema":2,"models":[]}')).toThrow(/schema must be 1/);
  expect(() => parseCatalog('{')).toThrow(/not valid JSON/);
});

it('says where it was looked for when it is not there', async () => {
  await expect(readCatalog('/nowhere/catalog.json')).rejects.toThrow(/no catalog at \/nowhere\/catalog\.json/);
});

describe('the sources of an entry', () => {
  const entry = parse(ENTRY).models[0]!;
  const hrefs = (mirror?: string) => sourcesOf(entry, mirror).map(({ href }) => href);

  it('are its URLs, or its path below a mirror', () => {
    expect(hrefs()).toEqual(ENTRY.urls);
    expect(hrefs('https://mirror.test/zoo/')).toEqual(['https://mirror.test/zoo/resnet/resnet50-v1-12.onnx']);
    expect(hrefs('http://mirror.test')).toEqual(['http://mirror.test/resnet/resnet50-v1-12.onnx']);
    expect(hrefs('file:///media/stick')).toEqual(['file:///media/stick/resnet/resnet50-v1-12.onnx']);
    expect(hrefs('https://mirror.test/zoo?key=1')).toEqual([
      'https://mirror.test/zoo/resnet/resnet50-v1-12.onnx?key=1',
    ]);
  });

  it.each(['mirror.test', 'ftp://mirror.test', '/media/stick', ''])('cannot be at %j', (mirror) => {
    expect(() => hrefs(mirror)).toThrow(/must be an https:\/\/, http:\/\/ or file:\/\/\/ URL/);
  });
});
