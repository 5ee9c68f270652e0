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

it('takes what a file .env says from where the file lies', () => {
  writeFileSync(join(checkout, '.env'), 'MODEL_REGISTRY=models\nEYRIE_SERVER=http://there\n');
  expect(registry()).toBe(join(checkout, 'models'));
  expect(readSurroundings({}, folder, checkout).server).toBe('http://there');
  writeFileSync(join(folder, '.env'), 'MODEL_REGISTRY=mine\n');
  expect(registry()).toBe('mine');
  expect(readSurroundings({}, folder, checkout).server).toBeUndefined();
});

it('prefers the environment, in which an empty variable is none', () => {
  writeFileSync(join(folder, '.env'), 'MODEL_REGISTRY=mine\nEYRIE_KEY=k\n');
  expect(registry({ MODEL_REGISTRY: 'yours' })).toBe('yours');
  expect(registry({ MODEL_REGISTRY: '' })).toBe('./model-registry');
  expect(readSurroundings({ EYRIE_KEY: '' }, folder, checkout).key).toBeUndefined();
});
