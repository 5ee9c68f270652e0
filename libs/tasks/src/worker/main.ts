import { serveTasks, type LoadTask } from '#inference/worker';

const tabular: LoadTask = async () => (await import('../tabular/worker/tabular-runner.js')).tabularWorker;

/**
 * Runs in a process of its own, which the server starts for each worker of a version. What only images need, such as sharp, is a fifth of
 * what a worker's start takes: each task is loaded where it is served.
 */
serveTasks(
  new Map<string, LoadTask>([
    [
      'image-classification',
      async () => (await import('../image-classification/worker/classifier.js')).imageClassificationWorker,
    ],
    ['tensor', async () => (await import('../tensor/worker/tensor-runner.js')).tensorWorker],
    ['tabular-classification', tabular],
    ['tabular-regression', tabular],
  ]),
);
