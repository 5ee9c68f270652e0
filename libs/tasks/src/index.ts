export {
  type Activation,
  type ChannelOrder,
  CHANNELS,
  DEFAULT_THRESHOLD,
  type ClassifierSpec,
  type InputSpec,
  type InputType,
  type Layout,
  type OutputSpec,
  type Quantization,
  type ResizeKernel,
  type ResizeMode,
  type ResizeSpec,
} from './image-classification/spec';
export type { Classes } from './image-classification/classes';
export { ImageClassifier } from './image-classification/image-classifier';
export { scoreKind, type ScoreKind } from './image-classification/score-kind';
export { type Asked, classify, imageClassifierOf } from './image-classification/classify';
export { labelsFromJson, parseLabels } from './image-classification/labels';
export type { ImageClassificationFields } from './image-classification/manifest';
export { type DataType, DATA_TYPES } from './tensor/data-type';
export { eachElement, sizeOf } from './tensor/tensor-bytes';
export {
  readShape,
  readStrings,
  readTensor,
  type SentTensor,
  type TensorValue,
  toJson,
  writeStrings,
} from './tensor/tensor-json';
export { type Port, TensorModel, type Tensors } from './tensor/tensor-model';
export { TASKS } from './tasks';
export { WORKER_ENTRY } from './worker-entry';
