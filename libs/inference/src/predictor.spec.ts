import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '#testing/ask';
import { costlyJpeg } from '#testing/costly-jpeg';
import { png, randomPixels, randomPng } from '#testing/images';
import { WORKER_ENTRY, type ChannelOrder, type ClassifierSpec } from '#tasks';
import { expectedScores, onnxClassifier, specFor, type ClassifierOptions } from '#testing/onnx-classifier';
import { until } from '#testing/until';
import type { EyrieError } from '../../core/src/errors';
import { Predictor } from './predictor';
import type { PredictorObserver, PredictorOptions } from './predictor-options';

const folder = mkdtempSync(join(tmpdir(), 'eyrie-predictor-'));
const running: Predictor[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((predictor) => predictor.stop(1_000)));
});
afterAll(() => rmSync(folder, { recursive: true }));

type StartOptions = ClassifierOptions & {
  channels?: ChannelOrder;
  runtime?: Partial<PredictorOptions['runtime']>;
  batchTimeoutMs?: number;
  observer?: PredictorObserver;
  modelFile?: (file: string) => Promise<string>;
  maxPreparation?: PredictorOptions['maxPreparation'];
};

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let files = 0;
async function start(options: StartOptions = {}): Promise<Predictor> {
  const file = join(folder, `${files++}.onnx`);
  const model = onnxClassifier(options);
  writeFileSync(file, model);
  const predictor = await Predictor.start({
    workerEntry: WORKER_ENTRY,
    task: 'image-classification',
    modelPath: file,
    sha256: sha256(model),
    spec: specFor(options),
    runtime: { workers: 1, threads: 1, maxBatch: 4, maxQueue: 100, maxDelayMs: 0, ...options.runtime },
    maxPixels: 20_000_000,
    maxPreparation: options.maxPreparation,
    batchTimeoutMs: options.batchTimeoutMs,
    observer: options.observer,
    modelFile: () => options.modelFile?.(file) ?? Promise.resolve(file),
    maxBackoffMs: 400,
  });
  running.push(predictor);
  return predictor;
}

/** Milliseconds that one of many images takes. */
async function paceOf(predictor: Predictor): Promise<number> {
  const image = await randomPng();
  const started = performance.now();
  await Promise.all(Array.from({ length: 40 }, () => ask(predictor, image, inTime())));
  return (performance.now() - started) / 40;
}

const inTime = () => ({ topK: 10, deadline: performance.now() + 20_000 });
/** Takes some milliseconds a run, so that requests have to wait. */
const SLOW: ClassifierOptions = { slowness: 3_000 };

describe('an answer', () => {
  const KINDS: [string, ClassifierOptions & { channels?: ChannelOrder }][] = [
    ['NCHW, RGB, float32', {}],
    ['NHWC', { layout: 'NHWC' }],
    ['BGR', { channels: 'BGR' }],
    ['float16 input', { dtype: 'float16' }],
    ['uint8 input', { dtype: 'uint8', layout: 'NHWC' }],
    ['a batch dimension fixed at 1', { fixedBatch: 1 }],
    ['a batch dimension fixed at 3', { fixedBatch: 3 }],
    ['probabilities for output', { probabilities: true }],
    ['an output of [batch, 10, 1, 1]', { trailingOnes: 2 }],
    ['2 classes', { classes: 2 }],
    ['20,000 classes', { classes: 20_000 }],
  ];
  it.each(KINDS)('has the scores that the weights give: %s', async (_, options) => {
    const predictor = await start(options);
    const images = Array.from({ length: 5 }, () => randomPixels());
    const answers = await Promise.all(images.map(async (rgb) => ask(predictor, await png(rgb), inTime())));
    answers.forEach(({ classes }, i) => {
      const expected = expectedScores(images[i]!, options);
      expect(classes).toHaveLength(Math.min(10, expected.length));
      for (const { class_id, confidence } of classes) expect(confidence).toBeCloseTo(expected[class_id]!, 2);
      const best = expected.indexOf(Math.max(...expected));
      expect(expected[classes[0]!.class_id]).toBeCloseTo(expected[best]!, 3);
    });
  });

  it('never reaches another caller, however many there are', async () => {
    const predictor = await start({ runtime: { workers: 2, maxBatch: 7, maxQueue: 1000 } });
    const images = Array.from({ length: 300 }, () => randomPixels());
    const pngs = await Promise.all(images.map((rgb) => png(rgb)));
    const answers = await Promise.all(pngs.map((bytes) => ask(predictor, bytes, inTime())));
    answers.forEach(({ classes }, i) => {
      const expected = expectedScores(images[i]!);
      for (const { class_id, confidence } of classes) expect(confidence).toBeCloseTo(expected[class_id]!, 4);
    });
    expect(Math.max(...answers.map(({ batchSize }) => batchSize))).toBeGreaterThan(1);
  });

  it('says where the time went', async () => {
    const { timings } = await ask(await start(), await randomPng(), inTime());
    expect(timings.decode).toBeGreaterThan(0);
    expect(timings.inference).toBeGreaterThan(0);
    expect(timings.total).toBeGreaterThanOrEqual(timings.queue + timings.inference);
  });

  it('has no more classes than were asked for', async () => {
    const predictor = await start();
    const { classes } = await ask(predictor, await randomPng(), { ...inTime(), topK: 3 });
    expect(classes).toHaveLength(3);
    expect(classes[0]!.confidence).toBeGreaterThanOrEqual(classes[1]!.confidence);
  });
});

describe('a batch', () => {
  it('answers the good images when one of them is bad', async () => {
    const sizes: number[] = [];
    const predictor = await start({ ...SLOW, runtime: { maxBatch: 8 }, observer: { onBatch: (n) => sizes.push(n) } });
    const good = await Promise.all([0, 1, 2, 3, 4, 5].map(() => randomPng()));
    const bad = Buffer.from('this is no image');
    const asked = [good[0]!, good[1]!, good[2]!, bad, good[3]!, good[4]!, good[5]!];
    const results = await Promise.allSettled(asked.map((image) => ask(predictor, image, inTime())));
    expect(results.map(({ status }) => status)).toEqual(asked.map((i) => (i === bad ? 'rejected' : 'fulfilled')));
    expect(results[3]).toMatchObject({ reason: { code: 'INVALID_IMAGE' } });
    expect(Math.max(...sizes)).toBeGreaterThan(3);
  });

  it('is never larger than maxBatch', async () => {
    const sizes: number[] = [];
    const predictor = await start({ ...SLOW, runtime: { maxBatch: 3 }, observer: { onBatch: (n) => sizes.push(n) } });
    const image = await randomPng();
    await Promise.all(Array.from({ length: 20 }, () => ask(predictor, image, inTime())));
    expect(Math.max(...sizes)).toBe(3);
  });

  it('waits for others only where maxDelayMs asks for it', async () => {
    const image = await randomPng();
    const sizesWith = async (maxDelayMs: number): Promise<number[]> => {
      const sizes: number[] = [];
      const predictor = await start({
        runtime: { maxDelayMs, maxBatch: 4 },
        observer: { onBatch: (n) => sizes.push(n) },
      });
      const first = ask(predictor, image, inTime());
      await sleep(20);
      await Promise.all([first, ask(predictor, image, inTime())]);
      return sizes;
    };
    expect(await sizesWith(0)).toEqual([1, 1]);
    expect(await sizesWith(500)).toEqual([2]);
  });
});

describe('an image that takes seconds to decode', () => {
  const costly = costlyJpeg(4096);

  it.each([
    ['by its header', false],
    ['unforeseen', true],
  ])('does not hold up those that come with it or after it: %s', async (_, unknownCost) => {
    const predictor = await start({ runtime: { maxBatch: 4 } });
    const small = await randomPng();
    const leaving = new AbortController();
    let isAnswered = false;
    const others = [ask(predictor, small, inTime())];
    const asked = ask(predictor, costly, { ...inTime(), signal: leaving.signal, unknownCost }).finally(
      () => (isAnswered = true),
    );
    for (let i = 0; i < 30; i++) others.push(ask(predictor, small, inTime()));
    await Promise.all(others);
    expect(isAnswered).toBe(false);
    leaving.abort(new Error('gone'));
    await expect(asked).rejects.toThrow('gone');
  });

  it('is refused where it takes more than it may, and is told why', async () => {
    const image = await randomPng();
    const limited = await start({ maxPreparation: { ms: 1_500, bytes: 30e6 } });
    await expect(ask(limited, costly, inTime())).rejects.toMatchObject({
      code: 'IMAGE_TOO_LARGE',
      message: expect.stringMatching(
        /a progressive JPEG of 4096 x 4096 pixels in 883 scans: .* [5-9]\.\d s of CPU, and at most 1\.5 s/,
      ),
    });
    await expect(ask(limited, image, inTime())).resolves.toHaveProperty('batchSize', 1);
  });
});

describe('the queue', () => {
  it('refuses what does not fit, and says when to come again', async () => {
    const predictor = await start({ ...SLOW, runtime: { maxQueue: 5, maxBatch: 1 } });
    const image = await randomPng();
    const results = await Promise.allSettled(Array.from({ length: 30 }, () => ask(predictor, image, inTime())));
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(30 - 5 - 2);
    for (const { reason } of refused) {
      expect(reason).toMatchObject({ code: 'OVERLOADED' });
      expect(reason.retryAfterSeconds).toBeGreaterThanOrEqual(1);
    }
  });

  it('drops a request whose deadline has passed, before it is run', async () => {
    let ran = 0;
    const predictor = await start({ ...SLOW, runtime: { maxBatch: 1 }, observer: { onBatch: (n) => (ran += n) } });
    const image = await randomPng();
    const busy = [0, 1, 2, 3].map(() => ask(predictor, image, inTime()));
    const late = ask(predictor, image, { topK: 1, deadline: performance.now() + 1 });
    await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await Promise.all(busy);
    expect(ran).toBe(4);
  });

  it('never runs a request whose client has left', async () => {
    let ran = 0;
    const predictor = await start({ ...SLOW, runtime: { maxBatch: 1 }, observer: { onBatch: (n) => (ran += n) } });
    const image = await randomPng();
    const busy = [0, 1, 2, 3].map(() => ask(predictor, image, inTime()));
    const leaving = new AbortController();
    const left = ask(predictor, image, { ...inTime(), signal: leaving.signal });
    expect(predictor.queueDepth).toBe(3);
    leaving.abort(new Error('gone'));
    expect(predictor.queueDepth).toBe(2);
    await expect(left).rejects.toThrow('gone');
    await Promise.all(busy);
    expect(ran).toBe(4);
  });
});

describe('a worker', () => {
  it('that is killed in the middle of a batch costs no client an error', async () => {
    const lost: string[] = [];
    const observer = { onWorkerLost: (reason: string) => lost.push(reason) };
    const predictor = await start({ ...SLOW, runtime: { workers: 2, maxBatch: 4 }, observer });
    const images = Array.from({ length: 40 }, () => randomPixels());
    const pngs = await Promise.all(images.map((rgb) => png(rgb)));
    const answers = Promise.all(pngs.map((bytes) => ask(predictor, bytes, inTime())));
    await sleep(5);
    process.kill(predictor.workers.pids[0]!, 'SIGKILL');
    const all = await answers;
    all.forEach(({ classes }, i) => {
      const expected = expectedScores(images[i]!, SLOW);
      expect(classes[0]!.confidence).toBeCloseTo(Math.max(...expected), 3);
    });
    expect(lost).toEqual([expect.stringContaining('SIGKILL')]);
  });

  it('gives way to the server', async () => {
    const [pid] = (await start()).workers.pids;
    expect(getPriority(pid)).toBe(Math.min(getPriority() + 5, 19));
  });

  (process.platform === 'linux' ? it : it.skip)('is ended before the server where memory runs out', async () => {
    const score = (pid: number | 'self') => Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'));
    const { workers } = await start();
    expect(score(workers.pids[0]!)).toBe(Math.min(score('self') + 300, 1000));
  });

  it('is replaced', async () => {
    const predictor = await start();
    const [pid] = predictor.workers.pids;
    process.kill(pid!, 'SIGKILL');
    await ask(predictor, await randomPng(), inTime());
    expect(predictor.workers.pids).not.toContain(pid);
    expect(predictor.workers).toMatchObject({ ready: 1, restarts: 1 });
  });

  it('that is found dead by what it is sent costs nobody an answer', async () => {
    const predictor = await start();
    const image = await randomPng();
    for (let i = 0; i < 4; i++) {
      process.kill(predictor.workers.pids[0]!, 'SIGKILL');
      // Time for the kernel to end it, none for this process to hear of it.
      for (const until = performance.now() + 100; performance.now() < until;);
      await expect(ask(predictor, image, inTime())).resolves.toHaveProperty('batchSize', 1);
    }
  });

  it('that dies with the same request again makes it fail, and nothing else', async () => {
    const observer = { onBatch: () => setTimeout(() => killAll(), 15) };
    const predictor = await start({ slowness: 9_000, observer });
    // Five starts of a slow model.
    const patiently = () => ({ topK: 10, deadline: performance.now() + 60_000 });
    let kills = 0;
    function killAll(): void {
      if (kills++ < 2) for (const pid of predictor.workers.pids) process.kill(pid, 'SIGKILL');
    }
    const doomed = ask(predictor, await randomPng(), patiently());
    await expect(doomed).rejects.toMatchObject({ code: 'WORKER_FAILED' });
    await expect(ask(predictor, await randomPng(), patiently())).resolves.toBeDefined();
  });

  it('that hangs is killed and replaced', async () => {
    const predictor = await start({ batchTimeoutMs: 400 });
    process.kill(predictor.workers.pids[0]!, 'SIGSTOP');
    await expect(ask(predictor, await randomPng(), inTime())).resolves.toBeDefined();
    expect(predictor.workers.restarts).toBe(1);
  });
});

describe('while workers cannot be replaced', () => {
  let isMissing: boolean;
  const modelFile = (file: string) => (isMissing ? Promise.reject(new Error('no such file')) : Promise.resolve(file));
  const notReady = { code: 'MODEL_NOT_READY', message: expect.stringContaining('no such file') };
  beforeEach(() => (isMissing = true));

  it('and none is left, what waits and what comes is refused at once; until one is there again', async () => {
    const predictor = await start({ modelFile });
    const image = await randomPng();
    process.kill(predictor.workers.pids[0]!, 'SIGKILL');
    const since = performance.now();
    await expect(ask(predictor, image, inTime())).rejects.toMatchObject(notReady);
    await expect(ask(predictor, image, inTime())).rejects.toMatchObject({ ...notReady, retryAfterSeconds: 2 });
    expect(performance.now() - since).toBeLessThan(5_000);
    expect(predictor.isServing).toBe(false);

    isMissing = false;
    await until(() => predictor.isServing, 'there is a worker');
    expect(predictor.workerFailure).toBeUndefined();
    await expect(ask(predictor, image, inTime())).resolves.toHaveProperty('batchSize', 1);
  });

  it('and another one is left, that one answers; and nobody waits when it is lost, too', async () => {
    const predictor = await start({ slowness: 9_000, runtime: { workers: 2 }, modelFile });
    const image = await randomPng();
    process.kill(predictor.workers.pids[0]!, 'SIGKILL');
    await until(() => predictor.workerFailure !== undefined, 'it is known');
    expect(predictor.isServing).toBe(true);
    await expect(ask(predictor, image, inTime())).resolves.toHaveProperty('batchSize', 1);
    const asked = Array.from({ length: 9 }, () => ask(predictor, image, inTime()));
    process.kill(predictor.workers.pids[0]!, 'SIGKILL');
    const failures = await Promise.allSettled(asked);
    expect(failures).toEqual(asked.map(() => ({ status: 'rejected', reason: expect.objectContaining(notReady) })));
  });

  it('it can be stopped', async () => {
    const predictor = await start({ modelFile });
    process.kill(predictor.workers.pids[0]!, 'SIGKILL');
    await until(() => !predictor.isServing, 'it is known');
    const since = performance.now();
    await predictor.stop(20_000);
    expect(performance.now() - since).toBeLessThan(1_000);
  });
});

describe('stopping', () => {
  it('answers what has been accepted and refuses the rest', async () => {
    const predictor = await start({ ...SLOW, runtime: { maxBatch: 1 } });
    const image = await randomPng();
    const accepted = [0, 1, 2, 3, 4, 5].map(() => ask(predictor, image, inTime()));
    const { pids } = predictor.workers;
    const stopped = predictor.stop(20_000);
    await expect(ask(predictor, image, inTime())).rejects.toMatchObject({ code: 'MODEL_NOT_READY' });
    await expect(Promise.all(accepted)).resolves.toHaveLength(6);
    await stopped;
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('waits no longer than it may', async () => {
    const predictor = await start({ slowness: 4_500, runtime: { maxBatch: 1 } });
    const image = await randomPng();
    const asked = Promise.allSettled(Array.from({ length: 60 }, () => ask(predictor, image, inTime())));
    const since = performance.now();
    await predictor.stop(50);
    const failed = (await asked).filter(({ status }) => status === 'rejected');
    expect(failed.length).toBeGreaterThan(0);
    // Long before their deadlines.
    expect(performance.now() - since).toBeLessThan(5_000);
  });
});

describe('a model that does not fit its manifest', () => {
  const load = (change: (spec: ClassifierSpec) => void, model: Uint8Array = onnxClassifier()) => {
    const file = join(folder, `${files++}.onnx`);
    writeFileSync(file, model);
    const spec = specFor();
    change(spec);
    const runtime = { workers: 2, threads: 1, maxBatch: 1, maxQueue: 1, maxDelayMs: 0 };
    const common = { workerEntry: WORKER_ENTRY, task: 'image-classification', maxPixels: 1000 };
    return Predictor.start({ ...common, modelPath: file, sha256: sha256(model), spec, runtime });
  };
  const nothing = () => undefined;
  const WRONG: [string, () => Promise<unknown>, RegExp][] = [
    ['text instead of ONNX', () => load(nothing, Buffer.from('hello')), /this is no ONNX file/],
    ['a truncated file', () => load(nothing, onnxClassifier().subarray(0, 500)), /no ONNX file, or a damaged one/],
    ['an empty file', () => load(nothing, Buffer.alloc(0)), /ONNX Runtime cannot load/],
    ['another input name', () => load((spec) => (spec.input.name = 'x')), /no input "x"; it has input/],
    ['another output name', () => load((spec) => (spec.output.name = 'y')), /no output "y"; it has output/],
    [
      'another size',
      () => load((spec) => (spec.input.width = 9)),
      /\[batch, 3, 8, 8\] in the graph but \[batch, 3, 8, 9\]/,
    ],
    ['another layout', () => load((spec) => (spec.input.layout = 'NHWC')), /\[batch, 8, 8, 3\] in the manifest/],
    ['another type', () => load((spec) => (spec.input.dtype = 'uint8')), /is float32 in the graph but uint8/],
    ['too few labels', () => load((spec) => (spec.labels = ['one'])), /10 values per image but labels.txt has 1 lines/],
  ];
  it.each(WRONG)('is refused with the reason: %s', async (_, attempt, reason) => {
    await expect(attempt()).rejects.toThrow(reason);
  });
});

describe('an image that would not be answered in time', () => {
  it('is refused at once, and others are not', async () => {
    const predictor = await start({ ...SLOW, runtime: { maxBatch: 1 } });
    const pace = await paceOf(predictor);
    const image = await randomPng();
    const waiting = Array.from({ length: 60 }, () => ask(predictor, image, inTime()));
    const refused = ask(predictor, image, { topK: 1, deadline: performance.now() + 5 * pace });
    await expect(refused).rejects.toMatchObject({
      code: 'OVERLOADED',
      message: expect.stringContaining('an answer would take about'),
    });
    await expect(refused).rejects.toHaveProperty('retryAfterSeconds', expect.any(Number));
    expect(await Promise.all(waiting)).toHaveLength(60);
  });

  it('is tried nevertheless when nobody is before it', async () => {
    const predictor = await start({ ...SLOW, runtime: { maxBatch: 1 } });
    await paceOf(predictor);
    const hasty = ask(predictor, await randomPng(), { topK: 1, deadline: performance.now() + 0.01 });
    const outcome = await hasty.then(
      () => 'answered',
      (error: EyrieError) => error.code,
    );
    expect(['answered', 'DEADLINE_EXCEEDED']).toContain(outcome);
  });
});

it('a deadline that is put off while an image waits counts as it is then', async () => {
  const predictor = await start({ ...SLOW, runtime: { maxBatch: 1 } });
  const image = await randomPng();
  const moved = { topK: 1, deadline: performance.now() + 50 };
  process.kill(predictor.workers.pids[0]!, 'SIGSTOP');
  const late = ask(predictor, image, moved);
  moved.deadline += 60_000;
  await sleep(200);
  process.kill(predictor.workers.pids[0]!, 'SIGCONT');
  expect((await late).classes).toHaveLength(1);
});
