export {
  type ChannelOrder,
  type ClassifierSpec,
  type InputSpec,
  type InputType,
  type Layout,
  type ResizeMode,
} from './image-classification/spec';
export { type Classes, ImageClassifier } from './image-classification/image-classifier';
export { type Asked, classify, imageClassifierOf } from './image-classification/classify';
export { parseLabels } from './image-classification/labels';
export type { ImageClassificationFields } from './image-classification/manifest';
export { type DataType, DATA_TYPES } from './tensor/data-type';
export { toJson } from './tensor/tensor-json';
export { TensorModel, type Tensors } from './tensor/tensor-model';
export { TASKS } from './tasks';
export { WORKER_ENTRY } from './worker-entry';
