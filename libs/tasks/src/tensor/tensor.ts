import type { PreparedTask, Task } from '#core';
import { TensorModel } from './tensor-model';

/** Any graph, asked with tensors for its inputs and answering with those of its outputs. */
export const tensor: Task = {
  name: 'tensor',
  // What there is to know the graph says.
  fields: [],
  privateFields: [],
  check: () => [],
  prepare: () => Promise.resolve<PreparedTask>({ spec: {}, serve: (graph) => new TensorModel(graph) }),
};
