import { join } from 'node:path';
import { utf8Text } from '#validation';
import type { FileCalls } from './file-calls';

const FILE = 'registry.json';

/**
 * What a registry says of itself as a whole, in `registry.json`: `{ "schema": 1, "default": "<model>" }`.
 * @returns the name of the model that answers requests which name none; undefined where there is no such file. Whether the
 *   model is there is not looked at
 * @throws Error when the file cannot be read, or is another one
 */
export async function readDefaultModel(files: FileCalls, folder: string): Promise<string | undefined> {
  let content: Uint8Array;
  try {
    content = await files.read(join(folder, FILE));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return parse(utf8Text(content, FILE));
}

function parse(text: string): string {
  let plain: unknown;
  try {
    plain = JSON.parse(text);
  } catch (error) {
    throw new Error(`${FILE} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  const { schema, default: name, ...others } = (plain ?? {}) as Record<string, unknown>;
  const unknown = Object.keys(others);
  if (unknown.length > 0) throw new Error(`${FILE} has the unknown key "${unknown[0]}"; it has "schema" and "default"`);
  if (schema !== 1) throw new Error(`"schema" in ${FILE} must be 1`);
  if (typeof name !== 'string' || name === '') throw new Error(`"default" in ${FILE} must be the name of a model`);
  return name;
}
