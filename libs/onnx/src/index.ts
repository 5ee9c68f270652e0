export {
  ATTRIBUTE_TYPE,
  DATA_TYPE,
  OnnxFormatError,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
  readOnnx,
} from './model';
export { MODEL_PROTO } from './schema';
