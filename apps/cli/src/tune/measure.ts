import type { LoadedVersion } from '#registry';
import { classify } from '#tasks';
import type { Measurement } from './setting';

const TIME_LIMIT_MS = 120_000;
/** Of the time that is measured, before it: workers under their first load grow and get faster. */
const WARM_UP_SHARE = 0.25;

/**
 * Keeps `concurrency` requests before a version for some seconds.
 * @param images files, asked in turn
 * @throws EyrieError as `classify`, of the first image that fails
 */
export async function measure(
  version: LoadedVersion,
  images: readonly Uint8Array[],
  concurrency: number,
  seconds: number,
): Promise<Omit<Measurement, 'workers' | 'threads' | 'maxBatch'>> {
  const from = performance.now() + seconds * WARM_UP_SHARE * 1000;
  const until = from + seconds * 1000;
  const latencies: number[] = [];
  let end = until;
  let next = 0;
  const client = async (): Promise<void> => {
    for (;;) {
      const asked = performance.now();
      await classify(version, images[next++ % images.length]!, { topK: 1, deadline: asked + TIME_LIMIT_MS });
      const answered = performance.now();
      // A model that takes longer than all of the time for one image is measured by its first answer.
      const isFirst = latencies.length === 0 && answered >= until;
      if (isFirst) end = answered;
      if (isFirst || (answered >= from && answered < until)) latencies.push(answered - asked);
      if (answered >= until) return;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, client));
  latencies.sort((a, b) => a - b);
  return {
    imagesPerSecond: latencies.length / ((end - from) / 1000),
    p50: percentile(latencies, 50),
    p95: percentile(latencies, 95),
    rssBytes: version.predictor.rssBytes,
  };
}

/** Nearest rank. @param sorted ascending, not empty */
function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.ceil((percent / 100) * sorted.length) - 1]!;
}
