import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ATTRIBUTE_TYPE, DATA_TYPE, type OnnxNode } from '#onnx';
import { writeOnnx } from './onnx-file';

/** TensorProto.DataType */
const STRING = 8;
const BOOL = 9;

/**
 * A graph of inputs and outputs of several types: `double` is twice `x`, `ratio` is `x` divided by itself (NaN where it is 0),
 * `half` is `x` in float16, `positive` says where it is more than zero; `id_out` and `text_out` are `id` and `text`.
 */
export function onnxTensors(factor = 2): Uint8Array {
  const to = (type: number): OnnxNode['attribute'] => [{ name: 'to', type: ATTRIBUTE_TYPE.int, i: type }];
  const node = (opType: string, input: string[], output: string, attribute?: OnnxNode['attribute']): OnnxNode => ({
    opType,
    input,
    output: [output],
    name: output,
    attribute,
  });
  const value = (name: string, elemType: number, dim: object[]) => ({
    name,
    type: { tensorType: { elemType, shape: { dim } } },
  });
  const rows = { dimParam: 'rows' };
  const matrix = [rows, { dimValue: 2 }];
  return writeOnnx({
    irVersion: 8,
    producerName: 'eyrie-tests',
    opsetImport: [{ version: 13 }],
    graph: {
      name: 'tensors',
      initializer: [
        {
          name: 'factor',
          dims: [],
          dataType: DATA_TYPE.float32,
          rawData: new Uint8Array(Float32Array.of(factor).buffer),
        },
        { name: 'zero', dims: [], dataType: DATA_TYPE.float32, rawData: new Uint8Array(4) },
      ],
      node: [
        node('Mul', ['x', 'factor'], 'double'),
        node('Div', ['x', 'x'], 'ratio'),
        node('Cast', ['x'], 'half', to(DATA_TYPE.float16)),
        node('Greater', ['x', 'zero'], 'positive'),
        node('Identity', ['id'], 'id_out'),
        node('Identity', ['text'], 'text_out'),
      ],
      input: [
        value('x', DATA_TYPE.float32, matrix),
        value('id', DATA_TYPE.int64, [rows]),
        value('text', STRING, [rows]),
      ],
      output: [
        value('double', DATA_TYPE.float32, matrix),
        value('ratio', DATA_TYPE.float32, matrix),
        value('half', DATA_TYPE.float16, matrix),
        value('positive', BOOL, matrix),
        value('id_out', DATA_TYPE.int64, [rows]),
        value('text_out', STRING, [rows]),
      ],
    },
  });
}

/** Writes a version of `onnxTensors` into a registry folder. */
export function writeTensorVersion(registry: string, name: string, version: number, factor?: number): void {
  const folder = join(registry, name, String(version));
  mkdirSync(folder, { recursive: true });
  const model = onnxTensors(factor);
  const manifest = {
    schema: 1,
    name,
    version,
    task: 'tensor',
    artifact: { file: 'model.onnx', sha256: createHash('sha256').update(model).digest('hex'), bytes: model.length },
    runtime: { workers: 1, threads: 1 },
  };
  writeFileSync(join(folder, 'model.onnx'), model);
  writeFileSync(join(folder, 'model.json'), JSON.stringify(manifest));
}
