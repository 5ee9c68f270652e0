import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { eyrie } from '#testing/cli';
import { MODEL, temporaryFolder, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { writeKeys } from '#testing/signing-keys';

let registry: TemporaryFolder;
let keys: TemporaryFolder;
let own: ReturnType<typeof writeKeys>;
let other: ReturnType<typeof writeKeys>;
beforeAll(() => {
  registry = temporaryRegistry({}, {});
  keys = temporaryFolder();
  own = writeKeys(keys.path, 'own');
  other = writeKeys(keys.path, 'other', 'P-384');
});
afterAll(() => [registry, keys].forEach((each) => each.remove()));

const run = (args: (string | number)[], env: Record<string, string> = {}) =>
  eyrie(args, { MODEL_REGISTRY: registry.path, ...env });
const sign = (version: string | number, key: string, env = {}) =>
  run(['models', 'sign', MODEL, version, '--private-key', key], env);
const signature = (version: number) => join(registry.path, MODEL, String(version), 'model.sig');

it('signs versions, and verifies them by keys from flags or from the environment', async () => {
  const { code, stdout } = await sign(1, own.privateKey);
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(
      /^pixels version 1 is signed by the key [0-9a-f]{16}: labels\.txt, model\.json, model\.onnx$/m,
    ),
  ]);
  const half = await run(['models', 'verify', '--public-key', own.publicKey]);
  expect([half.code, half.stdout]).toEqual([
    1,
    expect.stringMatching(
      /ok .* version 1 {2}signature by [0-9a-f]{16}, checksum.*\n.*FAILED .* version 2 {2}it is not signed/,
    ),
  ]);
  expect((await run(['models', 'verify', '--public-key', own.publicKey, '--allow-unsigned'])).code).toBe(0);
  expect((await run(['models', 'verify'], { MODEL_PUBLIC_KEYS: own.publicKey })).code).toBe(0);
  const asServer = { MODEL_PUBLIC_KEYS: own.publicKey, MODEL_SIGNATURES: 'required' };
  expect((await run(['models', 'verify'], asServer)).code).toBe(1);

  await sign(2, other.privateKey);
  const both = await run(['models', 'verify', '--public-key', own.publicKey, '--public-key', other.publicKey]);
  expect([both.code, both.stdout.match(/signature by/g)]).toEqual([0, ['signature by', 'signature by']]);
  const one = await run(['models', 'verify', '--public-key', own.publicKey, '--allow-unsigned']);
  expect([one.code, one.stdout]).toEqual([
    1,
    expect.stringMatching(/version 2 {2}model\.sig is by the key .* not trusted/),
  ]);
}, 60_000);

it('says what is wrong with a call, and signs nothing', async () => {
  rmSync(signature(1), { force: true });
  const calls: [() => ReturnType<typeof run>, number, RegExp][] = [
    [() => run(['models', 'sign', MODEL, 1]), 2, /--private-key/],
    [() => sign(1, own.publicKey), 1, /^eyrie: .*own\.pub has a public key, which cannot sign/],
    [() => sign(7, own.privateKey), 1, /has no version 7; there are: 1, 2/],
    [
      () => sign(1, own.privateKey, { MODEL_REGISTRY: '', EYRIE_SERVER: 'http://there:1' }),
      2,
      /signs by a private key, .* give --registry/,
    ],
    [() => run(['models', 'verify', '--allow-unsigned']), 2, /--allow-unsigned says nothing without --public-key/],
    [
      () => run(['models', 'verify'], { MODEL_SIGNATURES: 'required' }),
      2,
      /neither --public-key nor MODEL_PUBLIC_KEYS/,
    ],
    [() => run(['models', 'verify', '--public-key', own.privateKey]), 1, /own\.pem has a private key/],
  ];
  for (const [call, expected, reason] of calls) {
    const { code, stderr } = await call();
    expect([code, stderr]).toEqual([expected, expect.stringMatching(reason)]);
  }
  const folder = join(registry.path, MODEL, '1');
  const model = readFileSync(join(folder, 'model.onnx'));
  appendFileSync(join(folder, 'model.onnx'), 'x');
  const { code, stderr } = await sign(1, own.privateKey);
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^eyrie: model\.onnx has \d+ bytes but model\.json says/)]);
  expect([model.length > 0, existsSync(signature(1))]).toEqual([true, false]);
}, 60_000);
