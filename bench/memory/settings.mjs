import { existsSync } from 'node:fs';

const MIB = String(1024 * 1024);
const JEMALLOC = debian('libjemalloc.so.2');
const MIMALLOC = debian('libmimalloc.so.2.0');

const BACKGROUND = 'background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0';

/** What the server's environment says of the allocator; with a MALLOC_ARENA_MAX in it, the workers inherit all of it. */
export const SETTINGS = [
  { name: 'glibc, as npm start and the image set it', env: {} },
  // glibc takes a 0 for none.
  { name: 'glibc, as it is', env: { MALLOC_ARENA_MAX: '0' } },
  { name: 'glibc, 1 arena', env: { MALLOC_ARENA_MAX: '1' } },
  { name: 'glibc, 2 arenas', env: { MALLOC_ARENA_MAX: '2' } },
  // Set at all, the threshold no longer grows with what was freed: large blocks stay blocks of their own, given back at once.
  {
    name: 'glibc, 1 arena, blocks of 1 MiB given back',
    env: { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: MIB, MALLOC_TRIM_THRESHOLD_: MIB },
  },
  {
    name: 'glibc, 1 arena, blocks of 32 KiB given back',
    env: { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '32768', MALLOC_TRIM_THRESHOLD_: '131072' },
  },
  ...preloaded('jemalloc', JEMALLOC),
  // A thread of its own gives back what a process without work still holds.
  ...preloaded('jemalloc, background thread', JEMALLOC, { MALLOC_CONF: BACKGROUND }),
  ...preloaded('mimalloc', MIMALLOC),
];

/** Where Debian and its kin have a library: the packages libjemalloc2 and libmimalloc2.0. */
function debian(library) {
  return ['x86_64', 'aarch64'].map((cpu) => `/usr/lib/${cpu}-linux-gnu/${library}`).find(existsSync);
}

function preloaded(name, library, env = {}) {
  return library ? [{ name, env: { LD_PRELOAD: library, ...env } }] : [];
}
