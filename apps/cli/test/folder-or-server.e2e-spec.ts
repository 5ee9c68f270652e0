import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eyrie } from '#testing/cli';
import { BUNDLED_REGISTRY, MODEL, temporaryRegistry, type TemporaryFolder } from '#testing/registry';

/** Notes who asked for what; has no models. */
let server: Server;
let url: string;
let asked: { path: string; key: string | undefined }[];
let registry: TemporaryFolder;

beforeAll(async () => {
  server = createServer(({ url: path, headers }, response) => {
    asked.push({ path: path!, key: headers.authorization });
    response.end('{"models":[]}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  asked = [];
  registry = temporaryRegistry({}, {});
});
afterEach(() => registry.remove());

describe('where a command works', () => {
  it('is the folder that --registry names, also where the environment names a server', async () => {
    const args = ['alias', 'set', MODEL, 'champion', 1, '--registry', registry.path, '--json'];
    const { code, json } = await eyrie(args, { EYRIE_SERVER: url, EYRIE_KEY: 'k' });
    expect([code, json.aliases, asked]).toEqual([0, { champion: 1 }, []]);
  });

  it('is the server that --server names, also where the environment names another, or a folder', async () => {
    const env = { EYRIE_SERVER: 'http://127.0.0.1:1', MODEL_REGISTRY: registry.path };
    const { code, json } = await eyrie(['models', 'list', '--json', '--server', url], env);
    expect([code, json, asked]).toEqual([0, [], [{ path: '/v1/models', key: undefined }]]);
  });

  it('is the server of the environment where no flag says otherwise', async () => {
    await eyrie(['models', 'list'], { EYRIE_SERVER: url, EYRIE_KEY: 'from-env', MODEL_REGISTRY: registry.path });
    await eyrie(['models', 'list', '--key', 'from-flag'], { EYRIE_SERVER: url, EYRIE_KEY: 'from-env' });
    await eyrie(['models', 'load', 'm', '1'], { EYRIE_SERVER: url, EYRIE_KEY: 'from-env' });
    expect(asked).toEqual([
      { path: '/v1/models', key: 'Bearer from-env' },
      { path: '/v1/models', key: 'Bearer from-flag' },
      { path: '/v1/models/m/versions/1/load', key: 'Bearer from-env' },
    ]);
  });

  it('is not both', async () => {
    const { code, stderr } = await eyrie(['models', 'list', '--registry', registry.path, '--server', url]);
    expect([code, stderr, asked]).toEqual([2, expect.stringContaining('give either --registry'), []]);
  });

  it('does not depend on variables that are empty', async () => {
    const empty = { MODEL_REGISTRY: '', EYRIE_SERVER: '', EYRIE_KEY: '' };
    const { code, json } = await eyrie(['models', 'show', 'resnet-cifar10', '--json'], empty, `${BUNDLED_REGISTRY}/..`);
    expect([code, json.name]).toEqual([0, 'resnet-cifar10']);
  });

  it('is the folder that a file .env names, as for the server, unless the environment names another', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'eyrie-env-'));
    try {
      writeFileSync(join(folder, '.env'), `MODEL_REGISTRY=${BUNDLED_REGISTRY}\n`);
      const { code, json } = await eyrie(['models', 'show', 'resnet-cifar10', '--json'], {}, folder);
      expect([code, json.name]).toEqual([0, 'resnet-cifar10']);
      const other = await eyrie(['models', 'list'], { MODEL_REGISTRY: join(folder, 'other') }, folder);
      expect([other.code, other.stderr]).toEqual([1, expect.stringContaining(join(folder, 'other'))]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each(['/behind/a/prefix', '/behind/a/prefix/'])('keeps the path of a server at %s', async (prefix) => {
    expect((await eyrie(['models', 'list'], { EYRIE_SERVER: url + prefix })).code).toBe(0);
    expect(asked.map(({ path }) => path)).toEqual(['/behind/a/prefix/v1/models']);
  });
});

it.each([
  ['localhost:8301', /^eyrie: --server must begin with http:\/\/ or https:\/\/.*not "localhost:8301"/],
  ['http://', /^eyrie: --server: "http:\/\/" is no URL/],
  ['http://me:secret@localhost', /^eyrie: --server must not hold a name or a password/],
])('the address %s is refused with the reason', async (address, reason) => {
  const { code, stderr } = await eyrie(['models', 'list', '--server', address]);
  expect([code, stderr]).toEqual([2, expect.stringMatching(reason)]);
  expect(stderr).not.toContain('secret');
});

it('says which variable holds an address that cannot be', async () => {
  const { stderr } = await eyrie(['models', 'load', MODEL, '1'], { EYRIE_SERVER: 'localhost:8301' });
  expect(stderr).toMatch(/^eyrie: EYRIE_SERVER must begin with http:\/\//);
});

it.each([
  [
    ['policy', 'rollback'],
    ['EYRIE_KEY', 'EYRIE_SERVER'],
  ],
  [
    ['canary', 'start'],
    ['EYRIE_KEY', 'EYRIE_SERVER'],
  ],
  [
    ['models', 'load'],
    ['EYRIE_KEY', 'EYRIE_SERVER'],
  ],
  [
    ['models', 'unload'],
    ['EYRIE_KEY', 'EYRIE_SERVER'],
  ],
  [['models', 'pull'], ['EYRIE_MODEL_MIRROR']],
])('%j --help names variables that may hold secrets, and shows none', async (command, names) => {
  const secrets = Object.fromEntries(names.map((name) => [name, `http://me:secret@${name.toLowerCase()}`]));
  const { code, stdout, stderr } = await eyrie([...command, '--help'], secrets);
  expect(code).toBe(0);
  for (const name of names) expect(stdout).toContain(name);
  expect(stdout + stderr).not.toContain('secret');
});
