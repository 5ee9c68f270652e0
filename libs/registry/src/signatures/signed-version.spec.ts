import {
  appendFileSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PredictorFactory } from '#inference';
import { WORKER_ENTRY } from '#tasks';
import { onnxClassifier, writeVersion } from '#testing/onnx-classifier';
import { writeKeys } from '#testing/signing-keys';
import { ModelRegistry } from '../serving/model-registry';
import { FaultyFiles } from '../stores/faulty-files.fixture';
import { FolderStore } from '../stores/folder-store';
import { LOCAL_FILES } from '../stores/local-files';
import { StorageError } from '../stores/storage-error';
import { InvalidVersionError } from '../versions/invalid-version';
import { readVersion, RUNTIME_FILE } from '../versions/version-files';
import { type PrivateKey, readPrivateKey } from './keys';
import type { SignatureRules } from './signature-rules';
import { signVersion } from './sign-version';

let folder: string;
let key: PrivateKey;
let stranger: PrivateKey;
let required: SignatureRules;

beforeAll(async () => {
  const keys = mkdtempSync(join(tmpdir(), 'eyrie-keys-'));
  key = await readPrivateKey(writeKeys(keys, 'key').privateKey);
  stranger = await readPrivateKey(writeKeys(keys, 'stranger').privateKey);
  rmSync(keys, { recursive: true });
  required = { keys: [key.public], required: true };
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eyrie-signed-'));
  writeVersion(folder, 'm', 1);
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (...path: string[]) => join(folder, 'm/1', ...path);
const sign = (by = key) => signVersion(at(), 'm', 1, by);
const read = (rules?: SignatureRules, model = 'm', version = 1, files = LOCAL_FILES) =>
  readVersion(join(folder, model, String(version)), model, version, files, rules);
const edit = (file: string, change: (text: string) => string) =>
  writeFileSync(at(file), change(readFileSync(at(file), 'utf8')));

it('signs all that a version consists of, and takes it then', async () => {
  expect((await sign()).sort()).toEqual(['labels.txt', 'model.json', 'model.onnx']);
  expect((await read(required)).signedBy?.id).toBe(key.public.id);
});

it('what is not looked at, or need not be there, is no hindrance', async () => {
  const optional = { ...required, required: false };
  expect((await read(optional)).signedBy).toBeUndefined();
  await sign(stranger);
  expect((await read()).signedBy).toBeUndefined();
  await expect(read(optional)).rejects.toThrow(/by the key .* not trusted/);
});

it('a key takes the place of another: both are trusted for a while, and what is signed again is by the new one', async () => {
  await sign(stranger);
  const both = { keys: [stranger.public, key.public], required: true };
  expect((await read(both)).signedBy?.id).toBe(stranger.public.id);
  await sign();
  expect((await read(both)).signedBy?.id).toBe(key.public.id);
  expect((await read(required)).signedBy?.id).toBe(key.public.id);
});

describe('a version is refused, with a reason, where', () => {
  const ATTACKS: [string, () => unknown, RegExp][] = [
    ['there is no signature', () => rmSync(at('model.sig')), /it is not signed: there is no model\.sig/],
    ['somebody else has signed it', () => sign(stranger), /by the key .* not trusted/],
    ['a label was changed', () => appendFileSync(at('labels.txt'), 'cat\n'), /^labels\.txt has SHA-256 .* was signed/],
    [
      'the manifest was changed',
      () => edit('model.json', (text) => `${text} `),
      /^model\.json has SHA-256 .* was signed/,
    ],
    [
      'model and manifest were changed together',
      () => (rmSync(join(folder, 'm/1'), { recursive: true }), rewrite({ seed: 2 })),
      /^model\.json has SHA-256/,
    ],
    [
      'how it is run was added',
      () => writeFileSync(at(RUNTIME_FILE), '{"maxBatch":4}'),
      /^runtime\.json is not signed/,
    ],
    ['the signature was cut off', () => truncateSync(at('model.sig'), 300), /model\.sig is not valid JSON/],
    ['the signature is empty', () => truncateSync(at('model.sig'), 0), /model\.sig is not valid JSON/],
    [
      'the signature is huge',
      () => truncateSync(at('model.sig'), 3_000_000_000),
      /has 3000000000 bytes; a signature has 1048576/,
    ],
    [
      'the signature is a folder',
      () => (rmSync(at('model.sig')), mkdirSync(at('model.sig'))),
      /model\.sig is not a file/,
    ],
    [
      'the signature is a link out of the registry',
      () => (rmSync(at('model.sig')), symlinkSync('/etc/hostname', at('model.sig'))),
      /symbolic link that leads out/,
    ],
    [
      'the signature is a link to nowhere',
      () => (rmSync(at('model.sig')), symlinkSync('nowhere', at('model.sig'))),
      /model\.sig is missing/,
    ],
    ['the signature is a hard link', () => linkSync(at('model.sig'), join(folder, 'elsewhere')), /hard link/],
  ];
  let signature: Buffer;
  function rewrite(options: { seed: number }): void {
    writeVersion(folder, 'm', 1, options);
    writeFileSync(at('model.sig'), signature);
  }

  it.each(ATTACKS)('%s', async (_, attack, reason) => {
    await sign();
    signature = readFileSync(at('model.sig'));
    await attack();
    const reading = read(required);
    await expect(reading).rejects.toThrow(reason);
    await expect(reading).rejects.toBeInstanceOf(InvalidVersionError);
  });

  it('it was signed as another number, or as another model', async () => {
    await sign();
    cpSync(join(folder, 'm/1'), join(folder, 'm/2'), { recursive: true });
    cpSync(join(folder, 'm/1'), join(folder, 'other/1'), { recursive: true });
    await expect(read(required, 'm', 2)).rejects.toThrow('model.json says m version 1 but lies in m/2');
    await expect(read(required, 'other')).rejects.toThrow('model.json says m version 1 but lies in other/1');
    for (const [model, version] of [
      ['m', 2],
      ['other', 1],
    ] as const) {
      const file = join(folder, model, `${version}/model.json`);
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as object;
      writeFileSync(file, JSON.stringify({ ...manifest, name: model, version }));
      await expect(read(required, model, version)).rejects.toThrow(/^model\.json has SHA-256/);
    }
  });

  it('files of one signed version take the place of those of another', async () => {
    writeVersion(folder, 'm', 2, { seed: 2 });
    await sign();
    await signVersion(join(folder, 'm/2'), 'm', 2, key);
    for (const file of ['model.json', 'model.sig', 'labels.txt']) cpSync(at(file), join(folder, 'm/2', file));
    await expect(read(required, 'm', 2)).rejects.toThrow(/says m version 1 but lies in m\/2/);
  });

  it('how it is run was signed and is gone', async () => {
    writeFileSync(at(RUNTIME_FILE), '{"maxBatch":4}');
    await sign();
    expect((await read(required)).manifest.runtime).toEqual({ maxBatch: 4 });
    rmSync(at(RUNTIME_FILE));
    await expect(read(required)).rejects.toThrow(/^runtime\.json is missing but was signed/);
  });

  it('a golden image was changed between the look at the manifest and the proof', async () => {
    mkdirSync(at('golden'));
    writeFileSync(at('golden/a.txt'), 'as signed');
    await sign();
    const { read: readFile } = await read(required);
    expect((await readFile('golden/a.txt')).toString()).toBe('as signed');
    writeFileSync(at('golden/a.txt'), 'as changed');
    await expect(readFile('golden/a.txt')).rejects.toThrow(/^golden\/a\.txt has SHA-256/);
  });
});

it('does not sign what is not as the manifest says, and leaves the signature that was there', async () => {
  await sign();
  const before = readFileSync(at('model.sig'));
  const model = readFileSync(at('model.onnx'));
  model[model.length - 1]! ^= 1;
  writeFileSync(at('model.onnx'), model);
  await expect(sign()).rejects.toThrow(/^model\.onnx has SHA-256 .* but model\.json says/);
  expect(readFileSync(at('model.sig'))).toEqual(before);
});

it('does not sign what a link leads to', async () => {
  symlinkSync('labels.txt', at('more.txt'));
  await expect(sign()).rejects.toThrow(/^more\.txt is no file; put the file itself there/);
});

it('whatever step of reading a signed version fails, it is the storage that is blamed', async () => {
  await sign();
  const all = new FaultyFiles(0, 'EIO');
  await read(required, 'm', 1, all.files);
  for (let step = 1; step <= all.steps; step++) {
    const faulty = new FaultyFiles(step, 'EIO');
    await expect(read(required, 'm', 1, faulty.files)).rejects.toBeInstanceOf(StorageError);
  }
});

it('a registry that takes signed versions only has the others FAILED, and serves them once they are signed', async () => {
  const problems: string[] = [];
  const registry = new ModelRegistry(
    await FolderStore.open(folder),
    new PredictorFactory({ workerEntry: WORKER_ENTRY, maxPixels: 1_000_000 }),
    { load: 'routed', unloadGraceMs: 5_000, signatures: required },
    { onProblem: (_model, problem) => problems.push(problem) },
  );
  try {
    await registry.refresh();
    const version = () => registry.model('m').versions.get(1)!;
    expect([version().state, version().reason]).toEqual(['FAILED', expect.stringMatching(/^it is not signed/)]);
    expect(problems).toEqual([expect.stringMatching(/revision 0 is not in effect; version 1: it is not signed/)]);
    await sign();
    await registry.refresh();
    expect(version().state).toBe('READY');
    // The worker makes its session of bytes that it has hashed itself: a model file that is swapped after the signature was checked.
    writeVersion(folder, 'm', 2, { seed: 2 });
    await signVersion(join(folder, 'm/2'), 'm', 2, key);
    const size = readFileSync(join(folder, 'm/2/model.onnx')).length;
    writeFileSync(join(folder, 'm/2/model.onnx'), Buffer.from(onnxClassifier({ seed: 3 })).subarray(0, size));
    await expect(registry.load('m', 2)).rejects.toThrow(/model\.onnx has SHA-256 .* but model\.json says/);
  } finally {
    await registry.stop(1_000);
  }
});
