import { join } from 'node:path';

/** The compiled worker beside this file, or, when the sources run (in tests), the one of the last build. */
export const WORKER_ENTRY = __filename.endsWith('.ts')
  ? join(__dirname, '../../../dist/libs/tasks/src/worker/main.js')
  : join(__dirname, 'worker/main.js');
