// A thread that makes YAML of a document, and ends.
import { parentPort, workerData } from 'node:worker_threads';
import { stringify } from 'yaml';

parentPort!.postMessage(stringify(JSON.parse(workerData as string), { aliasDuplicateObjects: false }));
