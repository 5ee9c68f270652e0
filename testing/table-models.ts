import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ATTRIBUTE_TYPE, DATA_TYPE } from '#onnx';
import type { Cell } from '#tasks';
import { writeOnnx } from './onnx-file';

/** Models of tables as libraries export them, made by `training/parity/tables.py`. */
const FOLDER = join(__dirname, 'tables');

/** What the library that a model was made by says of some rows itself: probabilities of the classes, or a value. */
export interface Expected {
  rows: Cell[][];
  answers: (number[] | number)[];
}

export const EXPECTED = JSON.parse(readFileSync(join(FOLDER, 'expected.json'), 'utf8')) as Record<string, Expected>;

/** Path of the ONNX file. */
export function tableModel(name: string): string {
  return join(FOLDER, `${name}.onnx`);
}

/** Writes a version of a model, by its name or as its bytes, into a registry folder. @param fields of the task */
export function writeTableVersion(
  registry: string,
  name: string,
  version: number,
  model: string | Uint8Array,
  fields: Record<string, unknown>,
): void {
  const folder = join(registry, name, String(version));
  mkdirSync(folder, { recursive: true });
  const bytes = typeof model === 'string' ? readFileSync(tableModel(model)) : model;
  const manifest = {
    schema: 1,
    name,
    version,
    artifact: { file: 'model.onnx', sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length },
    runtime: { workers: 1, threads: 1, maxBatch: 64, maxQueue: 20_000 },
    ...fields,
  };
  writeFileSync(join(folder, 'model.onnx'), bytes);
  writeFileSync(join(folder, 'model.json'), JSON.stringify(manifest));
}

/** A graph that says 1 for the one of these texts that it gets, and refuses every other text. */
export function strictCategories(...texts: string[]): Uint8Array {
  const rows = { dimParam: 'rows' };
  const value = (name: string, elemType: number, dim: object[]) => ({
    name,
    type: { tensorType: { elemType, shape: { dim } } },
  });
  const strings = texts.map((text) => Buffer.from(text));
  const node = {
    opType: 'OneHotEncoder',
    domain: 'ai.onnx.ml',
    input: ['text'],
    output: ['scores'],
    attribute: [
      { name: 'cats_strings', type: ATTRIBUTE_TYPE.strings, strings },
      { name: 'zeros', type: ATTRIBUTE_TYPE.int, i: 0 },
    ],
  };
  return writeOnnx({
    irVersion: 8,
    opsetImport: [{ version: 13 }, { domain: 'ai.onnx.ml', version: 1 }],
    graph: {
      name: 'strict',
      initializer: [],
      node: [node],
      input: [value('text', DATA_TYPE.string, [rows])],
      output: [value('scores', DATA_TYPE.float32, [rows, { dimValue: texts.length }])],
    },
  });
}
