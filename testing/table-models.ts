import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cell } from '#tasks';

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

/** Writes a version of such a model into a registry folder. @param fields of the task */
export function writeTableVersion(
  registry: string,
  name: string,
  version: number,
  model: string,
  fields: Record<string, unknown>,
): void {
  const folder = join(registry, name, String(version));
  mkdirSync(folder, { recursive: true });
  const bytes = readFileSync(tableModel(model));
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
