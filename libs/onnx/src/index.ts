export { hasExternalData } from './external-data';
export {
  ATTRIBUTE_TYPE,
  DATA_TYPE,
  type DataTypeName,
  externalFiles,
  type OnnxAttribute,
  type OnnxDimension,
  OnnxFormatError,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
  readOnnx,
  writeOnnx,
} from './model';
