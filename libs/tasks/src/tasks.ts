import type { Task } from '#core';
import { imageClassification } from './image-classification/image-classification';
import { tabularClassification, tabularRegression } from './tabular/tabular';
import { tensor } from './tensor/tensor';

/** All tasks there are, by the name that a manifest gives. */
export const TASKS: ReadonlyMap<string, Task> = new Map(
  [imageClassification, tensor, tabularClassification, tabularRegression].map((task) => [task.name, task]),
);
