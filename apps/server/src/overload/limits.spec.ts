import { limitsOf } from './limits';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const CONFIG = { BODY_BUDGET_BYTES: 0, MAX_CONNECTIONS: 0, MAX_REQUEST_BYTES: 64 * MIB, MAX_IMAGE_BYTES: 10 * MIB };

it.each<[memory: number, descriptors: number | undefined, bodyBytes: number, connections: number]>([
  [512 * MIB, 1_048_576, 128 * MIB, 2048],
  [2 * GIB, 1_048_576, 256 * MIB, 8192],
  [64 * GIB, 1_048_576, 512 * MIB, 10_000],
  [64 * GIB, 1024, 512 * MIB, 512],
  [64 * GIB, 256, 512 * MIB, 128],
  [64 * GIB, undefined, 512 * MIB, 10_000],
])(
  'takes of %i bytes of memory and %p descriptors %i for bodies and %i for connections',
  (memory, fds, bytes, open) => {
    const { bodyBytes, connections } = limitsOf(CONFIG, memory, fds);
    expect([bodyBytes, connections]).toEqual([bytes, open]);
  },
);

it('has room for the largest request, whatever the memory', () => {
  const { bodyBytes } = limitsOf({ ...CONFIG, MAX_REQUEST_BYTES: 300 * MIB }, 512 * MIB, 1024);
  expect(bodyBytes).toBe(401 * MIB);
});

it('takes what is configured, but never the last descriptors', () => {
  const { bodyBytes, connections } = limitsOf({ ...CONFIG, BODY_BUDGET_BYTES: 7, MAX_CONNECTIONS: 5000 }, GIB, 2000);
  expect([bodyBytes, connections]).toEqual([7, 1488]);
});
