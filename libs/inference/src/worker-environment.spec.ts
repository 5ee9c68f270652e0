import { workerEnvironment } from './worker-environment';

it('is the server’s, with settings of glibc that suit a worker', () => {
  const server = { PATH: '/bin', MALLOC_MMAP_THRESHOLD_: '32768', LD_PRELOAD: 'libjemalloc.so.2' };
  expect(workerEnvironment(server)).toMatchObject({
    PATH: '/bin',
    LD_PRELOAD: 'libjemalloc.so.2',
    MALLOC_ARENA_MAX: '1',
    MALLOC_MMAP_THRESHOLD_: '4194304',
  });
});

it('leaves all of glibc’s settings alone where MALLOC_ARENA_MAX is set', () => {
  const server = { MALLOC_ARENA_MAX: '3', MALLOC_TRIM_THRESHOLD_: '1' };
  expect(workerEnvironment(server)).toEqual({ ...server, ORT_DISABLE_TELEMETRY: '1' });
});

it('lets ONNX Runtime report nothing to its makers, whatever the server’s says', () => {
  expect(workerEnvironment({ ORT_DISABLE_TELEMETRY: '0' }).ORT_DISABLE_TELEMETRY).toBe('1');
});
