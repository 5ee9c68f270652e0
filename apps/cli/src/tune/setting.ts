/** How a version could be run. */
export interface Setting {
  workers: number;
  /** ONNX Runtime's, per worker. */
  threads: number;
  /** Images per run, at the most. */
  maxBatch: number;
}

/** What a setting gave under a constant number of requests. */
export interface Measurement extends Setting {
  imagesPerSecond: number;
  /** From request to answer, queue included, milliseconds. */
  p50: number;
  p95: number;
  /** Memory of the workers together, bytes. */
  rssBytes: number;
}

/**
 * Every division of the CPUs that is worth a try: powers of two, and whatever number of workers uses all of them. Never
 * more threads than CPUs.
 */
export function divisions(cpus: number): Pick<Setting, 'workers' | 'threads'>[] {
  return powersOfTwo(cpus).flatMap((threads) => {
    const most = Math.floor(cpus / threads);
    return [...new Set([...powersOfTwo(most), most])].map((workers) => ({ workers, threads }));
  });
}

/** 1, 2, 4, … up to `most`. */
function powersOfTwo(most: number): number[] {
  return Array.from({ length: Math.floor(Math.log2(most)) + 1 }, (_, i) => 2 ** i);
}

/** In words, as in a legend. */
export function divisionName({ workers, threads }: Pick<Setting, 'workers' | 'threads'>): string {
  return `${workers} ${workers === 1 ? 'worker' : 'workers'} × ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
}
