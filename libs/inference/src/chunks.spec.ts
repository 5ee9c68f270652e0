import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deadlineIn } from '#core';
import { onnxClassifier } from '#testing/onnx-classifier';
import { REPOSITORY } from '#testing/registry';
import { Predictor } from './predictor';

const folder = mkdtempSync(join(tmpdir(), 'eyrie-chunks-'));
let predictor: Predictor;
beforeAll(async () => {
  const modelPath = join(folder, 'model.onnx');
  const model = onnxClassifier();
  writeFileSync(modelPath, model);
  predictor = await Predictor.start({
    workerEntry: join(REPOSITORY, 'testing/chunk-worker.cjs'),
    task: 'spelling',
    modelPath,
    sha256: createHash('sha256').update(model).digest('hex'),
    spec: {},
    runtime: { workers: 1, threads: 1, maxBatch: 8, maxQueue: 100, maxDelayMs: 0 },
    maxPixels: 1,
    batchTimeoutMs: 1_500,
  });
});
afterAll(async () => {
  await predictor.stop(1_000);
  rmSync(folder, { recursive: true });
});

function spell(text: string, pauseMs: number, options: { signal?: AbortSignal; deadline?: number } = {}) {
  const chunks: unknown[] = [];
  const request = {
    params: { pauseMs },
    payload: [Buffer.from(text)],
    cost: 1,
    deadline: deadlineIn(20_000),
    ...options,
  };
  const result = predictor.predict({ ...request, onChunk: (chunk) => chunks.push(chunk) });
  return { chunks, result };
}

it('an answer may come in chunks, all of them before its end', async () => {
  const { chunks, result } = spell('eyrie', 1);
  expect((await result).output).toBe('eyrie');
  expect(chunks).toEqual(['e', 'y', 'r', 'i', 'e']);
});

it('a worker that goes on answering does not hang, however long it takes', async () => {
  const { result } = spell('slowly', 400);
  expect((await result).output).toBe('slowly');
  expect(predictor.workers.restarts).toBe(0);
});

it('a request that nobody waits for any more frees its worker in the middle', async () => {
  const leaving = new AbortController();
  const long = spell('x'.repeat(200), 50, { signal: leaving.signal });
  const next = spell('next', 1);
  setTimeout(() => leaving.abort(new Error('gone')), 200);
  await expect(long.result).rejects.toThrow('gone');
  const since = performance.now();
  expect((await next.result).output).toBe('next');
  // Of the ten seconds that the first one would have taken.
  expect(performance.now() - since).toBeLessThan(3_000);
  expect(long.chunks.length).toBeLessThan(100);
});

it('work whose deadline has passed is given up, and not finished', async () => {
  const late = spell('y'.repeat(200), 50, { deadline: deadlineIn(200) });
  const next = spell('next', 1);
  await expect(late.result).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  const since = performance.now();
  await next.result;
  expect(performance.now() - since).toBeLessThan(3_000);
});
