import dotenv from 'dotenv';
import { readFileSync } from 'node:fs';
import { utf8Text } from './text';

/**
 * What a file `.env` says; nothing where there is none. One reader, so that server and command line understand it alike.
 * @throws Error where it is there and cannot be read, in a sentence for a person
 */
export function readEnvFile(path: string): Record<string, string> {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return {};
    throw new Error(`cannot read ${path}: ${message}`, { cause: error });
  }
  return dotenv.parse(utf8Text(bytes, path));
}
