import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DownloadError } from '#authoring';
import { onnxClassifier } from '#testing/onnx-classifier';
import { answer, serveOtherBytes, stallAfter, UnreliableFileServer } from '#testing/unreliable-file-server';
import { Failure } from '../failure';
import { UsageError } from '../usage-error';
import { catalogCommand } from './catalog.command';
import { pullCommand } from './pull.command';

const MODEL = onnxClassifier({ size: 8, classes: 3 });
const SHA256 = createHash('sha256').update(MODEL).digest('hex');
const ENTRY = {
  name: 'tiny-net',
  description: 'A tiny net',
  license: 'Apache-2.0',
  path: 'nets/tiny-net.onnx',
  urls: ['https://127.0.0.1:1/tiny-net.onnx'],
  sha256: SHA256,
  bytes: MODEL.length,
  preset: 'imagenet',
  labels: 'three.txt',
};

let registry: string;
let server: UnreliableFileServer;
let printed: jest.SpyInstance;
let complained: jest.SpyInstance;

beforeEach(async () => {
  registry = mkdtempSync(join(tmpdir(), 'eyrie-pull-'));
  writeFileSync(join(registry, 'catalog.json'), JSON.stringify({ schema: 1, models: [ENTRY] }));
  writeFileSync(join(registry, 'three.txt'), 'ape\nbee\ncat\n');
  server = await UnreliableFileServer.start(MODEL, '"tiny"');
  printed = jest.spyOn(console, 'log').mockImplementation();
  complained = jest.spyOn(console, 'error').mockImplementation();
});
afterEach(async () => {
  jest.restoreAllMocks();
  process.exitCode = undefined;
  await server.stop();
  rmSync(registry, { recursive: true, force: true });
});

const pull = (...args: string[]) => pullCommand({ registry }).exitOverride().parseAsync(args, { from: 'user' });
const pullTiny = (...args: string[]) => pull('tiny-net', '--mirror', `${server.url}/zoo/`, ...args);
const output = () => printed.mock.calls.flat().join('\n');
const manifest = (name: string, version: number) =>
  JSON.parse(readFileSync(join(registry, name, String(version), 'model.json'), 'utf8'));
const models = () => readdirSync(registry).filter((name) => !['catalog.json', 'three.txt'].includes(name));

it('makes a version of a model from the catalog, with all that the catalog knows', async () => {
  await pullTiny();
  expect(server.requests.map(({ url }) => url)).toEqual(['/zoo/nets/tiny-net.onnx']);
  expect(manifest('tiny-net', 1)).toMatchObject({
    name: 'tiny-net',
    description: 'A tiny net',
    license: 'Apache-2.0',
    artifact: { sha256: SHA256, bytes: MODEL.length },
    input: { mean: [0.485, 0.456, 0.406], resize: { mode: 'shorter-side' } },
    provenance: { source: ENTRY.urls[0] },
  });
  expect(readFileSync(join(registry, 'tiny-net/1/labels.txt'), 'utf8')).toBe('ape\nbee\ncat\n');
  expect(models()).toEqual(['tiny-net']);
});

it('takes what is said of the model before what the catalog knows', async () => {
  await pullTiny('--scale', '1/127.5', '--mean', '1', '--std', '1', '--kernel', 'bicubic', '--license', 'MIT');
  expect(manifest('tiny-net', 1)).toMatchObject({
    ...{ description: 'A tiny net', license: 'MIT' },
    input: { mean: [1, 1, 1], std: [1, 1, 1], resize: { mode: 'shorter-side', kernel: 'bicubic' } },
  });
});

it('shows what each preparation makes of pictures, and adds nothing', async () => {
  await pullTiny('--try', join(__dirname, '../../../../samples/cat.jpg'));
  expect(output()).toMatch(/imagenet[^]*(ape|bee|cat)/);
  expect(models()).toEqual(['.downloads']);
  // It need not be downloaded again.
  await pullTiny();
  expect(server.requests).toHaveLength(1);
  expect(models()).toEqual(['tiny-net']);
});

it('takes the mirror of the environment, and a flag before it', async () => {
  const withMirror = (mirror: string) => pullCommand({ registry }, mirror).exitOverride();
  await withMirror(`${server.url}/from-environment`).parseAsync(['tiny-net'], { from: 'user' });
  const flag = ['tiny-net', '--name', 'other', '--mirror', `${server.url}/from-flag`];
  await withMirror(`${server.url}/from-environment`).parseAsync(flag, { from: 'user' });
  expect(server.requests.map(({ url }) => url)).toEqual([
    '/from-environment/nets/tiny-net.onnx',
    '/from-flag/nets/tiny-net.onnx',
  ]);
  expect(models()).toEqual(['other', 'tiny-net']);
});

it('takes a mirror on a stick, and leaves it as it is', async () => {
  const stick = join(registry, '.stick');
  mkdirSync(join(stick, 'nets'), { recursive: true });
  writeFileSync(join(stick, 'nets/tiny-net.onnx'), MODEL);
  await pull('tiny-net', '--mirror', pathToFileURL(stick).href);
  expect(manifest('tiny-net', 1).artifact.sha256).toBe(SHA256);
  expect(existsSync(join(stick, 'nets/tiny-net.onnx'))).toBe(true);
});

it('does not pull what is there already', async () => {
  await pullTiny();
  await pullTiny();
  expect(output()).toMatch(/tiny-net version 1 is this file already/);
  expect(server.requests).toHaveLength(1);
  await expect(pull(`${server.url}/x.onnx`, '--sha256', 'a'.repeat(64), '--name', 'tiny-net', '--version', '1'))
    .rejects // another
    .toThrow(/has a version 1 already/);
  expect(server.requests).toHaveLength(1);
});

it('makes a version of any URL with a checksum, named after its file', async () => {
  await pull(
    `${server.url}/a/My%20Net.onnx?token=secret`,
    '--sha256',
    SHA256.toUpperCase(),
    '--preset',
    'none',
    '--json',
  );
  expect(manifest('my-net', 1).provenance.source).toBe(`${server.url}/a/My%20Net.onnx?…`);
  expect(JSON.parse(output()).manifest).toMatchObject({ name: 'my-net', version: 1, input: { mean: [0, 0, 0] } });
});

it('makes a version of a file: URL, with a checksum or without', async () => {
  const path = join(registry, '.stick.onnx');
  writeFileSync(path, MODEL);
  await pull(pathToFileURL(path).href, '--name', 'one', '--version', '7');
  await pull(pathToFileURL(path).href, '--name', 'two', '--sha256', SHA256);
  expect([manifest('one', 7).artifact.sha256, manifest('two', 1).artifact.sha256]).toEqual([SHA256, SHA256]);
  await expect(pull(pathToFileURL(path).href, '--name', 'three', '--sha256', 'a'.repeat(64))).rejects.toThrow(
    DownloadError,
  );
  expect(existsSync(path)).toBe(true);
});

it('adds nothing when the bytes are wrong', async () => {
  server.answers(serveOtherBytes);
  await expect(pullTiny()).rejects.toThrow(/sent another file, which was removed/);
  expect(models()).toEqual(['.downloads']);
  expect(readdirSync(join(registry, '.downloads'))).toEqual([]);
});

it('adds nothing when the file is no model, though its checksum is right', async () => {
  const text = Buffer.from('<html>Not a model</html>');
  server.answers(answer(200, {}, text));
  const sha256 = createHash('sha256').update(text).digest('hex');
  await expect(pull(`${server.url}/x.onnx`, '--sha256', sha256)).rejects.toThrow(/cannot be added/);
  expect(models()).toEqual(['.downloads']);
});

it('tells of another attempt, and of what a server said', async () => {
  server.answers(answer(503));
  await pullTiny();
  expect(complained.mock.calls.flat().join()).toMatch(/answered 503; trying again in \d s/);
  expect(models()).toEqual(['tiny-net']);
});

it('can be interrupted, and goes on from there when called again', async () => {
  server.answers(stallAfter(200));
  const interrupted = pullTiny();
  const part = join(registry, '.downloads', `${SHA256}.part`);
  while (!existsSync(part) || readFileSync(part).length < 200) await new Promise((resolve) => setTimeout(resolve, 10));
  process.emit('SIGINT');
  await interrupted;
  expect(process.exitCode).toBe(130);
  expect(complained).toHaveBeenCalledWith(expect.stringMatching(/interrupted; nothing was added/));
  expect(models()).toEqual(['.downloads']);
  await pullTiny();
  expect(server.ranges).toEqual([undefined, 'bytes=200-']);
  expect(models()).toEqual(['tiny-net']);
});

it.each([
  ['tiny', /no model "tiny"; did you mean tiny-net\?/],
  ['huge-net', /no model "huge-net"; see "eyrie models catalog"/],
])('says that the catalog has no %s', async (name, message) => {
  await expect(pull(name)).rejects.toThrow(message);
  await expect(pull(name)).rejects.toThrow(Failure);
  expect(models()).toEqual([]);
});

it.each([
  [['tiny-net', '--sha256', SHA256], /the catalog knows the checksum/],
  [['https://host.test/x.onnx'], /say with --sha256 what https:\/\/host\.test\/x\.onnx must give/],
  [['http://me:secret@host.test/x.onnx'], /say with --sha256 what http:\/\/\*\*\*@host\.test/],
  [['https://host.test/x.onnx', '--sha256', 'abc'], /--sha256 must be 64 hex digits/],
  [['ftp://host.test/x.onnx'], /cannot pull from ftp: URLs/],
  [['https://'], /is no URL/],
  [['file://host/x.onnx'], /names no file here/],
  [['https://host.test/', '--sha256', SHA256], /no name can be made/],
  [['tiny-net', '--name', 'Tiny Net'], /"Tiny Net" is no name for a model/],
])('refuses %j as a wrong call', async (args, message) => {
  await expect(pull(...args)).rejects.toThrow(message);
  await expect(pull(...args)).rejects.toThrow(UsageError);
  expect(models()).toEqual([]);
});

describe('models catalog', () => {
  const show = (...args: string[]) => catalogCommand({ registry }).exitOverride().parseAsync(args, { from: 'user' });

  it('lists what can be pulled and what has been', async () => {
    await show();
    expect(output()).toMatch(/tiny-net\s.*A tiny net\s.*0\.0\s.*-/);
    await pullTiny('--name', 'mine', '--version', '3');
    printed.mockClear();
    await show('--json');
    expect(JSON.parse(output())).toMatchObject([{ name: 'tiny-net', installed: [{ model: 'mine', version: 3 }] }]);
  });

  it("falls back on Eyrie's own catalog", async () => {
    rmSync(join(registry, 'catalog.json'));
    await show();
    expect(output()).toMatch(/resnet50-v1-12-qdq\s.*25\.8/);
  });
});
