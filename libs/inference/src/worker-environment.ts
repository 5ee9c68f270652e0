/**
 * How Node is to run a worker, which has few objects of its own: a semi-space of at most 8 MiB took 65 MB off one that answers 400
 * images a second on Node 24, and nothing off its speed.
 */
export const WORKER_FLAGS = ['--max-semi-space-size=8'];

/**
 * How glibc's malloc is to treat a worker (mallopt(3)). One heap for all threads: otherwise each that decodes keeps one of its
 * own. Of the blocks, those of 4 MiB and more, which large photographs need, go back to the system when they are freed, and
 * the others are kept for the next image. Both thresholds would otherwise grow with what was freed.
 */
const GLIBC = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '4194304', MALLOC_TRIM_THRESHOLD_: '16777216' };

/** What the system, Node and the native libraries of a worker read. Everything else of the server's environment may be a secret. */
const HANDED_ON: readonly RegExp[] = [
  // The system: programs, libraries, folders, languages, the clock's zone; SystemRoot and windir are Windows'.
  /^(PATH|HOME|USER|PWD|TMPDIR|TMP|TEMP|TZ|TZDIR|LANG|LANGUAGE|LC_[A-Z]+|SYSTEMROOT|WINDIR)$/i,
  /^(LD_LIBRARY_PATH|LD_PRELOAD|LD_BIND_NOW|DYLD_[A-Z_]+)$/,
  // Allocators: glibc's, jemalloc's, mimalloc's, tcmalloc's.
  /^(MALLOC_[A-Z_]+|GLIBC_TUNABLES|MIMALLOC_[A-Z_]+|TCMALLOC_[A-Z_]+)$/,
  // Node, and the threads on which images are decoded.
  /^(NODE_OPTIONS|NODE_PATH|NODE_ICU_DATA|NODE_NO_WARNINGS|NODE_V8_COVERAGE|NODE_COMPILE_CACHE|UV_THREADPOOL_SIZE|UV_USE_IO_URING)$/,
  // ONNX Runtime, what it calculates with, and graphics cards.
  /^(ORT|OMP|KMP|GOMP|MKL|OPENBLAS|XNNPACK|CUDA|CUDNN|CUBLAS|NVIDIA|HIP|ROCR)_[A-Z0-9_]+$/,
  // libvips and GLib below it.
  /^(VIPS|G)_[A-Z0-9_]+$/,
];

/**
 * The environment of a worker: of the server's what one needs, and what suits a worker better. No keys, passwords or URLs: native code works
 * there on what strangers have sent.
 * @param environment of the server; a MALLOC_ARENA_MAX there says that its operator knows better about all of glibc's settings
 */
export function workerEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const handedOn = Object.entries(environment).filter(([name]) => HANDED_ON.some((known) => known.test(name)));
  return {
    ...Object.fromEntries(handedOn),
    ...(environment.MALLOC_ARENA_MAX === undefined && GLIBC),
    // ONNX Runtime reports to its makers which models run, by name and hash, unless it is told not to before it starts.
    ORT_DISABLE_TELEMETRY: '1',
  };
}
