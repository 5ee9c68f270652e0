import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

/** It has next to nothing on its heap. */
const LIMITS = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 };

/**
 * Ends this process when its parent has gone, whatever it does at that moment: a run of the model blocks the main thread, which hears of
 * nothing meanwhile. Ending itself by a signal is what a thread can do without it.
 */
export function watchParent(): void {
  const options = { resourceLimits: LIMITS, env: {}, execArgv: [], workerData: process.ppid };
  const thread = new Worker(join(__dirname, 'parent-watch.main.js'), options);
  // Without one this process still ends when it hears of it.
  thread.on('error', () => undefined);
  thread.unref();
}
