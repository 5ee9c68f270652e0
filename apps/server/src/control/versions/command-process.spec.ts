import { until } from '#testing/until';
import { temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { runCommand } from './command-process';
import { memoryOf } from './process-memory';

const AMPLE = { time: 120_000, memory: 2 ** 32 };
const forever = new AbortController().signal;
let registry: TemporaryFolder;

beforeAll(() => {
  registry = temporaryRegistry({});
});
afterAll(() => registry.remove());

function run(limits: Partial<typeof AMPLE> = {}, signal = forever) {
  const { time, memory } = { ...AMPLE, ...limits };
  const named = {
    time: { setting: 'CHECK_TIMEOUT_MS', value: time },
    memory: { setting: 'CHECK_MEMORY_BYTES', value: memory },
  };
  return runCommand(['models', 'verify', '--json', '--registry', '.'], registry.path, named, signal);
}
const isRunning = () => memoryOf(process.pid) - process.memoryUsage().rss > 20 * 2 ** 20;

it('gives what the command line prints, and its exit code', async () => {
  const { code, stdout } = await run();
  expect([code, JSON.parse(stdout)]).toMatchObject([0, [{ ok: true }, { version: 1, ok: true }]]);
});

it('ends what takes too long', async () => {
  await expect(run({ time: 100 })).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
    message: expect.stringContaining('(CHECK_TIMEOUT_MS=100)'),
  });
});

(process.platform === 'linux' ? it : it.skip)('ends what takes too much memory', async () => {
  await expect(run({ memory: 2 ** 24 })).rejects.toMatchObject({
    code: 'INVALID_MODEL',
    message: expect.stringContaining('(CHECK_MEMORY_BYTES=16777216)'),
  });
});

it('ends what nobody waits for any more, and begins nothing for them', async () => {
  const leaving = new AbortController();
  const started = run({}, leaving.signal);
  setTimeout(() => leaving.abort(new Error('gone')), 200);
  await expect(started).rejects.toThrow('gone');
  await expect(run({}, leaving.signal)).rejects.toThrow('gone');
  await until(() => !isRunning(), 'its processes are gone');
});
