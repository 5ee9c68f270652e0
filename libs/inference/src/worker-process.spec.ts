import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { WORKER_ENTRY } from '#tasks';
import { onnxClassifier, specFor } from '#testing/onnx-classifier';
import { until } from '#testing/until';
import { WorkerPool } from './worker-pool';
import { WorkerLostError, WorkerProcess, type WorkerProcessOptions } from './worker-process';

const folder = mkdtempSync(join(tmpdir(), 'eyrie-worker-'));
const model = join(folder, 'model.onnx');
const node = join(folder, 'node');
beforeAll(() => writeFileSync(model, onnxClassifier()));
afterAll(() => rmSync(folder, { recursive: true }));

const options: WorkerProcessOptions = {
  entry: WORKER_ENTRY,
  load: {
    task: 'image-classification',
    modelPath: model,
    sha256: createHash('sha256').update(onnxClassifier()).digest('hex'),
    spec: specFor(),
    threads: 1,
    maxBatch: 1,
    maxPixels: 1_000_000,
    maxAnswerBytes: 2 ** 20,
    device: 'cpu',
  },
  loadTimeout: { value: 120_000 },
  readTimeout: { value: 60_000 },
  batchTimeoutMs: 60_000,
};

/** Has to be over long before the load timeout. */
async function failureOf(start: Promise<unknown>): Promise<Error> {
  const since = performance.now();
  const error = await start.then(
    () => undefined,
    (reason: Error) => reason,
  );
  expect(error).toBeInstanceOf(WorkerLostError);
  expect(performance.now() - since).toBeLessThan(10_000);
  return error!;
}

describe('a worker that cannot be started is reported at once, with the reason:', () => {
  const openFiles = () => readdirSync('/proc/self/fd').length;

  it.each([
    ['Node is missing', { execPath: join(folder, 'missing') }, 'ENOENT'],
    ['Node is no program', { execPath: model }, 'EACCES'],
    ['the system refuses it on the spot', { execPath: join(model, 'node') }, 'ENOTDIR'],
    ["the worker's program is missing", { entry: join(folder, 'missing.js') }, 'MODULE_NOT_FOUND'],
  ])('%s', async (_, change, reason) => {
    const priority = getPriority();
    await failureOf(WorkerProcess.start({ ...options, ...change }));
    const before = openFiles();
    const { message } = await failureOf(WorkerProcess.start({ ...options, ...change }));
    expect(message).toContain(reason);
    expect(getPriority()).toBe(priority);
    await until(() => openFiles() <= before, 'its pipes are closed');
  });

  // In a process of its own, which has no other work that the limit would disturb.
  it.each([
    ['no process is left', '--nproc=1:', 'EAGAIN'],
    ['no file descriptor is left', '--nofile=3:', 'EMFILE'],
  ])('%s', (_, limit, reason) => {
    const script = `
      const { WorkerProcess } = require(${JSON.stringify(join(WORKER_ENTRY, '../../../../inference/src/worker-process.js'))});
      require('node:child_process').execFileSync('prlimit', ['--pid', process.pid, ${JSON.stringify(limit)}]);
      // The number of root's processes is not limited.
      if (process.getuid() === 0) process.setuid(65534);
      WorkerProcess.start(${JSON.stringify(options)}).catch((error) => {
        process.stdout.write(error.constructor.name + ': ' + error.message);
      });`;
    const said = execFileSync(process.execPath, ['-e', script], { encoding: 'utf8', timeout: 20_000 });
    expect(said).toMatch(new RegExp(`^WorkerLostError: a worker process could not be started: .*${reason}`));
  });
});

it('the first worker is waited for while the system has no file descriptor for it', () => {
  const script = `
    const { openSync, closeSync } = require('node:fs');
    const { WorkerPool } = require(${JSON.stringify(join(WORKER_ENTRY, '../../../../inference/src/worker-pool.js'))});
    require('node:child_process').execFileSync('prlimit', ['--pid', process.pid, '--nofile=100:']);
    const taken = [];
    try { for (;;) taken.push(openSync('/dev/null')); } catch (error) { process.stdout.write(error.code); }
    setTimeout(() => taken.forEach(closeSync), 500);
    const none = { onReady() {}, onLost() {}, onRestartFailed() {} };
    WorkerPool.start(${JSON.stringify({ ...options, workers: 1 })}, none).then(async ({ pool }) => {
      process.stdout.write(' ready ' + pool.ready);
      await pool.stop(5000);
    });`;
  const said = execFileSync(process.execPath, ['-e', script], { encoding: 'utf8', timeout: 25_000 });
  expect(said).toBe('EMFILE ready 1');
});

it('a model file on a storage that hangs is given up long before the time for a load is over, and not held against the file', async () => {
  // Nobody writes to it: to open it takes for ever, as it does where a network file system is away.
  const pipe = join(folder, 'hangs.onnx');
  execFileSync('mkfifo', [pipe]);
  const load = { ...options.load, modelPath: pipe };
  const since = performance.now();
  const started = WorkerProcess.start({
    ...options,
    load,
    readTimeout: { setting: 'REGISTRY_TIMEOUT_MS', value: 300 },
  });
  await expect(started).rejects.toMatchObject({
    message: 'cannot read the model file: its storage has given nothing of it for 300 ms (REGISTRY_TIMEOUT_MS=300)',
    fault: { kind: 'unreadable', code: 'ETIMEDOUT' },
  });
  expect(performance.now() - since).toBeLessThan(60_000);
}, 90_000);

(process.platform === 'linux' ? it : it.skip)('a worker has less of the system than the server', async () => {
  const { worker } = await WorkerProcess.start(options);
  const limits = readFileSync(`/proc/${worker.pid}/limits`, 'utf8');
  await worker.stop(5000);
  expect(limits).toMatch(/^Max core file size +0 +0 /m);
  expect(Number(/^Max open files +\d+ +(\d+)/m.exec(limits)![1])).toBeLessThan(2000);
});

it('a worker that does not load in time is ended, and what sets the time is named', async () => {
  const loadTimeout = { setting: 'LOAD_TIMEOUT_MS', value: 20 };
  const { message } = await failureOf(WorkerProcess.start({ ...options, loadTimeout }));
  expect(message).toBe('the model did not load within 20 ms (LOAD_TIMEOUT_MS=20)');
});

it('a worker whose start has been called off is ended, and says so', async () => {
  const started = WorkerProcess.start({ ...options, signal: AbortSignal.abort() });
  expect((await failureOf(started)).message).toMatch(/killed by SIGKILL: it is not wanted any more/);
});

it('a replacement that cannot be started is tried again until it can, and the pool says why', async () => {
  symlinkSync(process.execPath, node);
  const reasons: string[] = [];
  const { pool } = await WorkerPool.start(
    { ...options, execPath: node, workers: 1, minBackoffMs: 20, maxBackoffMs: 200 },
    { onReady: () => undefined, onLost: () => undefined, onRestartFailed: (reason) => reasons.push(reason) },
  );
  try {
    rmSync(node);
    process.kill(pool.pids[0]!, 'SIGKILL');
    await until(() => reasons.length >= 3, 'it has been tried again');
    expect(pool.failure).toMatch(/could not be started: spawn .*node ENOENT/);
    expect(pool.isServing).toBe(false);

    symlinkSync(process.execPath, node);
    await until(() => pool.ready === 1, 'there is a worker');
    expect(pool.failure).toBeUndefined();
  } finally {
    await pool.stop(5_000);
  }
});
