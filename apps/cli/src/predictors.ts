import { PredictorFactory } from '#inference';
import { WORKER_ENTRY } from '#tasks';

/** The most pixels of an image: as many as a server takes by default, or twice that for files that whoever calls the command has chosen. */
const MAX_PIXELS = { asServed: 50_000_000, ownFiles: 100_000_000 };

/** Starts the workers of a command, which are those that serve. */
export function commandPredictors(images: keyof typeof MAX_PIXELS): PredictorFactory {
  return new PredictorFactory({ workerEntry: WORKER_ENTRY, maxPixels: MAX_PIXELS[images] });
}
