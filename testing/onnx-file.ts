import { MODEL_PROTO, type OnnxModel } from '#onnx';

export { ATTRIBUTE_TYPE, type OnnxGraph, type OnnxModel, readOnnx } from '#onnx';

/** The bytes of an ONNX file. */
export function writeOnnx(model: OnnxModel): Uint8Array {
  return MODEL_PROTO.encode(MODEL_PROTO.fromObject(model)).finish();
}
