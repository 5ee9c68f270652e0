import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WORKER_ENTRY } from '#tasks';
import { ask } from '#testing/ask';
import { png, randomPng } from '#testing/images';
import {
  failingForBlack,
  maskedMixingClassifier,
  MIXING,
  mixingClassifier,
  summingClassifier,
} from '#testing/mixing-classifier';
import { type ClassifierOptions, onnxClassifier, specFor } from '#testing/onnx-classifier';
import { Predictor } from './predictor';
import type { PredictorObserver } from './predictor-options';

const folder = mkdtempSync(join(tmpdir(), 'eyrie-mixing-'));
let predictor: Predictor;
let files = 0;
afterEach(() => predictor.stop(1_000));
afterAll(() => rmSync(folder, { recursive: true }));

async function start(model: Uint8Array, spec = specFor(), observer?: PredictorObserver, maxBatch = 8): Promise<void> {
  const modelPath = join(folder, `${files++}.onnx`);
  writeFileSync(modelPath, model);
  predictor = await Predictor.start({
    workerEntry: WORKER_ENTRY,
    task: 'image-classification',
    modelPath,
    sha256: createHash('sha256').update(model).digest('hex'),
    spec,
    runtime: { workers: 1, threads: 1, maxBatch, maxQueue: 100, maxDelayMs: 0 },
    maxPixels: 1_000_000,
    observer,
  });
}

const asked = () => ({ topK: 10, deadline: performance.now() + 20_000 });

/** Whether an image is answered the same alone and among louder ones that come at the same time. */
async function isTheSameAmongOthers(): Promise<boolean> {
  const faint = await png(Buffer.alloc(8 * 8 * 3, 90).map((value, i) => value + (i % 7)));
  const alone = (await ask(predictor, faint, asked())).output;
  const others = await Promise.all(Array.from({ length: 12 }, () => randomPng(8)));
  const answers = await Promise.all(
    [...others.slice(0, 6), faint, ...others.slice(6)].map((i) => ask(predictor, i, asked())),
  );
  return JSON.stringify(answers[6]!.output) === JSON.stringify(alone);
}

const kinds = Object.keys(MIXING) as (keyof typeof MIXING)[];
it.each(kinds)('images run one by one where the scores of a batch depend on one another, by %s', async (how) => {
  await start(mixingClassifier(how), { ...specFor(), output: { name: 'output', activation: 'none' } });
  expect(predictor.oneByOne).toMatch(/scores of an image change with the others in its batch \(by [\d.]+%/);
  expect(predictor.maxBatch).toBe(1);
  expect(await isTheSameAmongOthers()).toBe(true);
});

it('also where the graph’s batch dimension is fixed', async () => {
  await start(mixingClassifier('a scale that is found at run time', { fixedBatch: 3 }));
  expect(predictor.maxBatch).toBe(1);
  expect(await isTheSameAmongOthers()).toBe(true);
});

it('one by one, where a setting says so, nothing is said of it', async () => {
  await start(mixingClassifier('a scale that is found at run time', { fixedBatch: 3 }), specFor(), undefined, 1);
  expect([predictor.oneByOne, predictor.maxBatch]).toEqual([undefined, 1]);
  expect(await isTheSameAmongOthers()).toBe(true);
});

it('also where a class that is masked out has a score beside which all others are small', async () => {
  await start(maskedMixingClassifier());
  expect(predictor.oneByOne).toMatch(/scores of an image change/);
  expect(await isTheSameAmongOthers()).toBe(true);
});

it('also where the graph gives one row for all of a batch, which is not as many as it says; and again after a worker was lost', async () => {
  await start(summingClassifier());
  expect(predictor.oneByOne).toMatch(/runs on one image, but fails on several \(.*has 1 rows for 4 images/);
  expect(await isTheSameAmongOthers()).toBe(true);
  process.kill(predictor.workers.pids[0]!, 'SIGKILL');
  expect(await isTheSameAmongOthers()).toBe(true);
});

it('an image on which the graph fails fails alone, not those that it shares a batch with', async () => {
  await start(failingForBlack());
  expect(predictor.maxBatch).toBe(8);
  const black = await png(Buffer.alloc(8 * 8 * 3));
  const images = await Promise.all(Array.from({ length: 12 }, () => randomPng(8)));
  const answers = await Promise.allSettled(
    [...images.slice(0, 6), black, ...images.slice(6)].map((image) => ask(predictor, image, asked())),
  );
  expect(answers.map(({ status }) => status === 'fulfilled')).toEqual(answers.map((_, i) => i !== 6));
  expect(answers[6]).toMatchObject({ reason: { code: 'WORKER_FAILED', message: expect.stringContaining('Div node') } });
});

it.each<[string, ClassifierOptions]>([
  ['float32', {}],
  ['float16', { dtype: 'float16' }],
  ['uint8, NHWC', { dtype: 'uint8', layout: 'NHWC' }],
  ['a fixed batch', { fixedBatch: 3 }],
  ['NaN for a black image', { nanForBlack: true }],
  ['probabilities', { probabilities: true }],
])('others share their runs: %s', async (_, options) => {
  await start(onnxClassifier(options), specFor(options));
  expect([predictor.oneByOne, predictor.doubts]).toEqual([undefined, []]);
  expect(predictor.maxBatch).toBe(options.fixedBatch ?? 8);
});

it('a softmax of what are probabilities already is doubted', async () => {
  await start(onnxClassifier({ probabilities: true }), specFor());
  expect(predictor.doubts).toEqual([expect.stringContaining('its activation should be "none"')]);
});
