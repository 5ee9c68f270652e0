import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

/** The compiled thread beside this file, or, when the sources run (in tests), the one of the last build. */
const ENTRY = __filename.endsWith('.ts')
  ? join(__dirname, '../../../../dist/apps/server/src/openapi/yaml.main.js')
  : join(__dirname, 'yaml.main.js');

/**
 * Made on a thread of its own: to load the library takes 80 ms, and the document as long again, in which nobody would be answered; and
 * most servers are never asked for it, so that it is not for the start either.
 * @throws Error when there can be no thread
 */
export async function inYaml(document: object): Promise<string> {
  const thread = new Worker(ENTRY, { workerData: JSON.stringify(document), env: {}, execArgv: [] });
  const [text] = (await once(thread, 'message')) as [string];
  return text;
}
