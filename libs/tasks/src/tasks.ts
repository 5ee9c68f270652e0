import type { Task } from '#core';
import { imageClassification } from './image-classification/image-classification';
import { tensor } from './tensor/tensor';

/** All tasks there are, by the name that a manifest gives. */
export const TASKS: ReadonlyMap<string, Task> = new Map([imageClassification, tensor].map((task) => [task.name, task]));
