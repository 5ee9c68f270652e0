export {
  ATTRIBUTE_TYPE,
  DATA_TYPE,
  OnnxFormatError,
  type OnnxAttribute,
  type OnnxFunction,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
  readOnnx,
} from './model';
export { cutOutputs } from './cut-outputs';
export { embedWeights, type ExternalWeights } from './embed-weights';
export { MODEL_PROTO } from './schema';
export { lengthOf, type Parts } from './wire';
