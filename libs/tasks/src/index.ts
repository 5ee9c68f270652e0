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
export { PRESET_NAMES, type PresetName } from './image-classification/preset-names';
export { type Asked, classify, imageClassifierOf } from './image-classification/classify';
export { labelsFromJson, parseLabels } from './image-classification/labels';
export type { ImageClassificationFields } from './image-classification/manifest';
export { type DataType, DATA_TYPES } from './tensor/data-type';
export { elementsAsJson } from './tensor/elements';
export { eachElement, sizeOf } from './tensor/tensor-bytes';
export {
  bytesOf,
  readShape,
  readStrings,
  readTensor,
  type SentTensor,
  type TensorValue,
  writeStrings,
} from './tensor/tensor-json';
export { type Port, TensorModel, type Tensors } from './tensor/tensor-model';
export type { CsvOptions } from './tabular/csv/read-csv';
export { CsvRecords } from './tabular/csv/csv-records';
export { type Cell, type FeatureSpec, type FeatureType, FEATURE_TYPES, MAX_FEATURES } from './tabular/feature';
export type { TabularClassificationFields, TabularRegressionFields } from './tabular/manifest';
export { type AnyTabular, isTabular, type RowAnswer, rowAnswer, rowAnswers } from './tabular/row-answers';
export type { SentRow } from './tabular/read-rows';
export { TabularClassifier, type TableClasses } from './tabular/tabular-classifier';
export { TabularModel } from './tabular/tabular-model';
export { TabularRegressor, type TableValues } from './tabular/tabular-regressor';
export { TASKS } from './tasks';
export { WORKER_ENTRY } from './worker-entry';
