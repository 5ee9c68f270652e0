import { workerEnvironment } from './worker-environment';

it('has what the server’s allocator is told, with settings of glibc that suit a worker', () => {
  const server = { PATH: '/bin', MALLOC_MMAP_THRESHOLD_: '32768', LD_PRELOAD: 'libjemalloc.so.2' };
  expect(workerEnvironment(server)).toMatchObject({
    PATH: '/bin',
    LD_PRELOAD: 'libjemalloc.so.2',
    MALLOC_ARENA_MAX: '1',
    MALLOC_MMAP_THRESHOLD_: '4194304',
  });
});

it.each([
  ...['ADMIN_API_KEYS', 'REDIS_URL', 'OTEL_EXPORTER_OTLP_HEADERS', 'EYRIE_KEY', 'HTTPS_PROXY', 'AWS_SECRET_ACCESS_KEY'],
  ...[
    'NODE_AUTH_TOKEN',
    'NPM_TOKEN',
    'DATABASE_URL',
    'KUBECONFIG',
    'GITHUB_TOKEN',
    'GOOGLE_APPLICATION_CREDENTIALS',
    'MODEL_NAME',
  ],
])('has no %s', (name) => {
  expect(workerEnvironment({ [name]: 'secret' })).not.toHaveProperty(name);
});

it.each([
  ...[
    'PATH',
    'LD_LIBRARY_PATH',
    'TZ',
    'LANG',
    'LC_ALL',
    'TMPDIR',
    'NODE_OPTIONS',
    'UV_THREADPOOL_SIZE',
    'GLIBC_TUNABLES',
  ],
  ...['OMP_NUM_THREADS', 'ORT_LOGGING_LEVEL', 'CUDA_VISIBLE_DEVICES', 'NVIDIA_VISIBLE_DEVICES', 'VIPS_CONCURRENCY'],
])('has %s', (name) => {
  expect(workerEnvironment({ [name]: 'value' })).toHaveProperty(name, 'value');
});

it('leaves all of glibc’s settings alone where MALLOC_ARENA_MAX is set', () => {
  const server = { MALLOC_ARENA_MAX: '3', MALLOC_TRIM_THRESHOLD_: '1' };
  expect(workerEnvironment(server)).toEqual({ ...server, ORT_DISABLE_TELEMETRY: '1' });
});

it('lets ONNX Runtime report nothing to its makers, whatever the server’s says', () => {
  expect(workerEnvironment({ ORT_DISABLE_TELEMETRY: '0' }).ORT_DISABLE_TELEMETRY).toBe('1');
});
