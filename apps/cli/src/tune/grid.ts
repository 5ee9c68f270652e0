import type { PredictorFactory } from '#inference';
import { loadVersion } from '#registry';
import { measure } from './measure';
import type { Measurement, Setting } from './setting';

export interface GridOptions {
  predictors: PredictorFactory;
  images: readonly Uint8Array[];
  /** Requests that are always before the version. */
  concurrency: number;
  /** How long each setting is measured in each round. */
  seconds: number;
  rounds: number;
  onSetting?: (setting: Setting) => void;
}

export interface VersionFolder {
  folder: string;
  model: string;
  version: number;
}

/** No setting has this many, so a version that loads with another number has a fixed batch dimension, or runs images one by one. */
const UNUSUAL_BATCH = 1023;

/** How many images a run of the version takes where that is not for anyone to choose. @throws what `loadVersion` throws */
export async function fixedBatch(at: VersionFolder, predictors: PredictorFactory): Promise<number | undefined> {
  const runtime = { workers: 1, threads: 1, maxBatch: UNUSUAL_BATCH };
  const { predictor } = await loadVersion(at.folder, at.model, at.version, { predictors, runtime });
  await predictor.stop(0);
  return predictor.maxBatch === UNUSUAL_BATCH ? undefined : predictor.maxBatch;
}

/**
 * Measures every setting `rounds` times, to and fro, so that a machine that gets slower meanwhile is no setting's
 * advantage, and gives the means.
 * @throws what `loadVersion` and `classify` throw
 */
export async function measureGrid(
  at: VersionFolder,
  settings: readonly Setting[],
  options: GridOptions,
): Promise<Measurement[]> {
  const { predictors, images, concurrency, seconds } = options;
  const rows: Measurement[][] = settings.map(() => []);
  for (let round = 0; round < options.rounds; round++) {
    const order = round % 2 === 0 ? [...settings.keys()] : [...settings.keys()].reverse();
    for (const index of order) {
      const setting = settings[index]!;
      options.onSetting?.(setting);
      const runtime = { ...setting, maxDelayMs: 0, maxQueue: concurrency };
      const loaded = await loadVersion(at.folder, at.model, at.version, { predictors, runtime });
      try {
        rows[index]!.push({ ...setting, ...(await measure(loaded, images, concurrency, seconds)) });
      } finally {
        await loaded.stop(0);
      }
    }
  }
  return rows.map(mean);
}

function mean(rows: readonly Measurement[]): Measurement {
  const of = (value: (row: Measurement) => number): number =>
    rows.reduce((sum, row) => sum + value(row), 0) / rows.length;
  return {
    ...rows[0]!,
    imagesPerSecond: of((row) => row.imagesPerSecond),
    p50: of((row) => row.p50),
    p95: of((row) => row.p95),
    rssBytes: of((row) => row.rssBytes),
  };
}
