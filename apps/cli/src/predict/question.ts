import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { utf8Text } from '#validation';
import { Failure } from '../failure';
import { UsageError } from '../usage-error';

/** What a model is asked about. */
export type Question = { url: string } | { json: unknown } | { bytes: Uint8Array } | { csv: Buffer };

/** A file among others that cannot be read. */
export class UnreadableFile extends Failure {}

/** @param file a path, `-`, or a URL @throws UnreadableFile */
export async function readQuestion(file: string): Promise<Question> {
  if (/^https?:\/\//i.test(file)) return { url: file };
  let bytes: Uint8Array;
  try {
    bytes = file === '-' ? await buffer(process.stdin) : await readFile(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UnreadableFile(code === 'ENOENT' ? 'it is not there' : `it cannot be read: ${message}`);
  }
  if (bytes.length === 0) throw new UnreadableFile('it is empty');
  if (/\.csv$/i.test(file)) return { csv: Buffer.from(bytes) };
  return looksLikeJson(bytes) ? { json: parse(bytes) } : { bytes };
}

/** @param text as somebody has typed it: `{"age": 40}`, or `[40, …]` @throws UsageError */
export function featuresQuestion(text: string): Question {
  try {
    return { json: { features: JSON.parse(text) as unknown } };
  } catch (error) {
    throw new UsageError(`--features must be JSON, such as '{"age": 40}' or '[40]': ${(error as Error).message}`);
  }
}

/** No picture begins so. */
function looksLikeJson(bytes: Uint8Array): boolean {
  return /^\s*\{\s*["}]/.test(Buffer.from(bytes.subarray(0, 100)).toString('utf8'));
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8Text(bytes, 'it')) as unknown;
  } catch (error) {
    throw new UnreadableFile(`it is no valid JSON: ${(error as Error).message}`);
  }
}
