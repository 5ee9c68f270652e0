// Models of tensors that give back what they get, and more: how large an answer is, the sender says.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../prepare.mjs';

const FLOAT = 1;
const INT64 = 7;
const STRING = 8;

const value = (name, elemType) => ({
  name,
  type: { tensorType: { elemType, shape: { dim: [{ dimParam: `size of ${name}` }] } } },
});
const node = (opType, input, output) => ({ opType, input: [input], output: [output], name: opType });

/** `echo` gives back numbers, `say` texts, and `zeros` as many numbers as it is told. */
const GRAPHS = {
  echo: { node: [node('Identity', 'x', 'y')], input: [value('x', FLOAT)], output: [value('y', FLOAT)] },
  say: { node: [node('Identity', 'x', 'y')], input: [value('x', STRING)], output: [value('y', STRING)] },
  zeros: { node: [node('ConstantOfShape', 'x', 'y')], input: [value('x', INT64)], output: [value('y', FLOAT)] },
};

/** @param {string} registry a folder */
export async function writeTensorModels(registry) {
  const { MODEL_PROTO } = await import(pathToFileURL(join(root, 'dist/libs/onnx/src/index.js')).href);
  for (const [name, graph] of Object.entries(GRAPHS)) {
    const model = { irVersion: 8, opsetImport: [{ version: 13 }], graph: { name, ...graph } };
    const bytes = MODEL_PROTO.encode(MODEL_PROTO.fromObject(model)).finish();
    const folder = join(registry, name, '1');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'model.onnx'), bytes);
    const manifest = {
      schema: 1,
      name,
      version: 1,
      task: 'tensor',
      artifact: { file: 'model.onnx', sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length },
      runtime: { workers: 1, threads: 1 },
    };
    writeFileSync(join(folder, 'model.json'), JSON.stringify(manifest));
  }
}
