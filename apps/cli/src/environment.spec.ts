import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSurroundings } from './environment';

let folder: string;
let checkout: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eyrie-here-'));
  checkout = mkdtempSync(join(tmpdir(), 'eyrie-checkout-'));
});
afterEach(() => [folder, checkout].forEach((each) => rmSync(each, { recursive: true })));

const registry = (env: Record<string, string> = {}) => readSurroundings(env, folder, checkout).registry;

it('finds the models of the checkout from anywhere, and those of the folder where it has some', () => {
  expect(registry()).toBe(join(checkout, 'model-registry'));
  mkdirSync(join(folder, 'model-registry'));
  expect(registry()).toBe('./model-registry');
});

it('refuses a .env that cannot be read, such as one of PowerShell', () => {
  writeFileSync(join(folder, '.env'), Buffer.from('\ufeffMODEL_REGISTRY=mine', 'utf16le'));
  expect(() => registry()).toThrow(/\.env is not UTF-8 text/);
});

it('takes what a file .env says from where the file lies', () => {
  writeFileSync(join(checkout, '.env'), 'MODEL_REGISTRY=models\nEYRIE_SERVER=http://there\n');
  expect(registry()).toBe(join(checkout, 'models'));
  expect(readSurroundings({}, folder, checkout).server).toBe('http://there');
  writeFileSync(join(folder, '.env'), 'MODEL_REGISTRY=mine\n');
  expect(registry()).toBe('mine');
  expect(readSurroundings({}, folder, checkout).server).toBeUndefined();
});

it('takes public keys, too, from where the file lies, for itself and for a server that it starts', () => {
  writeFileSync(join(checkout, '.env'), 'MODEL_PUBLIC_KEYS=a.pub, /etc/keys\nMODEL_SIGNATURES=required\n');
  const { signatures, environment } = readSurroundings({}, folder, checkout);
  expect(signatures).toEqual({ publicKeys: [join(checkout, 'a.pub'), '/etc/keys'], allowUnsigned: false });
  expect(environment.MODEL_PUBLIC_KEYS).toBe(`${join(checkout, 'a.pub')},/etc/keys`);
  expect(readSurroundings({ MODEL_PUBLIC_KEYS: 'b.pub' }, folder, checkout).signatures.publicKeys).toEqual(['b.pub']);
});

it('takes no word but "optional" for leave to do without signatures', () => {
  const allows = (MODEL_SIGNATURES: string) =>
    readSurroundings({ MODEL_SIGNATURES }, folder, checkout).signatures.allowUnsigned;
  expect(['', 'optional', 'required', 'Required', 'yes'].map(allows)).toEqual([true, true, false, false, false]);
});

it('prefers the environment, in which an empty variable is none', () => {
  writeFileSync(join(folder, '.env'), 'MODEL_REGISTRY=mine\nEYRIE_KEY=k\n');
  expect(registry({ MODEL_REGISTRY: 'yours' })).toBe('yours');
  expect(registry({ MODEL_REGISTRY: '' })).toBe('./model-registry');
  expect(readSurroundings({ EYRIE_KEY: '' }, folder, checkout).key).toBeUndefined();
});
