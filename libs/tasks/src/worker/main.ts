import { serveTasks, type WorkerTask } from '#inference/worker';
import { imageClassificationWorker } from '../image-classification/worker/classifier';
import { tabularWorker } from '../tabular/worker/tabular-runner';
import { tensorWorker } from '../tensor/worker/tensor-runner';

/** Runs in a process of its own, which the server starts for each worker of a version. */
serveTasks(
  new Map<string, WorkerTask>([
    ['image-classification', imageClassificationWorker],
    ['tensor', tensorWorker],
    ['tabular-classification', tabularWorker],
    ['tabular-regression', tabularWorker],
  ]),
);
