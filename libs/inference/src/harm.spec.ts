import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onnxClassifier } from '#testing/onnx-classifier';
import { until } from '#testing/until';
import { countOomKills, isKilledFromOutside } from './outside-kill';
import { Predictor } from './predictor';

const folder = mkdtempSync(join(tmpdir(), 'eyrie-harm-'));
const modelPath = join(folder, 'model.onnx');
let predictor: Predictor;
beforeAll(() => writeFileSync(modelPath, onnxClassifier()));
afterEach(() => predictor.stop(0));
afterAll(() => rmSync(folder, { recursive: true }));

async function start(batchTimeoutMs?: number): Promise<void> {
  predictor = await Predictor.start({
    workerEntry: resolve(__dirname, '../../../testing/mortal-worker.cjs'),
    task: 'echo',
    modelPath,
    sha256: createHash('sha256').update(onnxClassifier()).digest('hex'),
    spec: {},
    runtime: { workers: 1, threads: 1, maxBatch: 4, maxQueue: 100, maxDelayMs: 0 },
    maxPixels: 1,
    batchTimeoutMs,
  });
}

let asked = 0;
async function ask(text: string, ms = 25_000, signal?: AbortSignal): Promise<void> {
  const payload = [Buffer.from(text)];
  const { output } = await predictor.predict({
    params: {},
    payload,
    cost: 1,
    deadline: performance.now() + ms,
    signal,
  });
  expect(output).toBe(text);
}
const innocent = () => ask(`innocent ${asked++}`);

it.each([
  ['ends its worker', 'die', undefined],
  ['never comes back', 'loop', 700],
])(
  'an input that %s fails alone: those that were with it are answered, and it is not taken on again',
  async (_, verb, limit) => {
    await start(limit);
    const harmful = ask(`${verb} 1`);
    const others = Array.from({ length: 7 }, innocent);
    await Promise.all(others);
    await expect(harmful).rejects.toMatchObject({ code: 'WORKER_FAILED' });
    await innocent();
    const refused = ask(`${verb} 1`);
    await expect(refused).rejects.toMatchObject({
      code: 'HARMFUL_INPUT',
      message: expect.stringMatching(/two workers of this model died of this very input.* refused for \d+ s/),
    });
    await innocent();
  },
);

it('an input whose workers somebody kills has failed, but is not to blame', async () => {
  await start(30_000);
  const asked = ask('loop innocently').catch((error: unknown) => error);
  const killed: number[] = [];
  for (let i = 0; i < 2; i++) {
    const works = () => predictor.busyThreads > 0 && !killed.includes(predictor.workers.pids[0]!);
    await until(works, 'a worker has it', 30_000);
    killed.push(predictor.workers.pids[0]!);
    process.kill(killed[i]!, 'SIGKILL');
  }
  expect(await asked).toMatchObject({ code: 'WORKER_FAILED' });
  await expect(ask('loop innocently', 200)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
}, 90_000);

it.each<[NodeJS.Signals | null, number | undefined, boolean]>([
  ['SIGSEGV', countOomKills(), false],
  ['SIGABRT', undefined, false],
  [null, undefined, false],
  ['SIGTERM', undefined, true],
  ['SIGHUP', undefined, true],
  ['SIGKILL', undefined, false],
  // The kernel has ended somebody since.
  ['SIGKILL', -1, false],
])(
  'an end by %s, with %s processes ended for their memory before, is from outside: %s',
  (signal, oomKills, isFromOutside) => {
    expect(isKilledFromOutside(signal, oomKills)).toBe(isFromOutside);
  },
);

it('one harmful input after the other costs those who ask meanwhile no answer', async () => {
  await start();
  const others: Promise<void>[] = [];
  const harmful: Promise<unknown>[] = [];
  for (let i = 0; i < 60; i++) {
    if (i % 20 === 0) harmful.push(ask(`die ${i}`).catch((error: unknown) => error));
    others.push(innocent());
    await sleep(50);
  }
  await Promise.all(others);
  for (const error of await Promise.all(harmful)) expect(error).toMatchObject({ code: 'WORKER_FAILED' });
  // One worker more than asked for stands by for the next one.
  await until(() => predictor.workers.ready === 2, 'there is a spare worker', 60_000);
});

it('is overdue while its workers give no sign', async () => {
  await start(3_000);
  const left = ask('loop', 25_000).catch((error: unknown) => error);
  await until(() => predictor.isOverdue, 'it is known');
  expect(predictor.workers).toMatchObject({ ready: 1, overdue: 1 });
  await innocent();
  expect(predictor.isOverdue).toBe(false);
  await predictor.stop(0);
  await left;
});

it('a worker is ended soon after nobody waits for what it does not finish', async () => {
  await start();
  const [pid] = predictor.workers.pids;
  const leaving = new AbortController();
  const left = ask('loop', 25_000, leaving.signal);
  await sleep(50);
  expect(predictor.isOverdue).toBe(false);
  leaving.abort(new Error('gone'));
  await expect(left).rejects.toThrow('gone');
  // Long before a batch that somebody waits for is given up.
  await innocent();
  expect(predictor.workers.pids).not.toContain(pid);
});
