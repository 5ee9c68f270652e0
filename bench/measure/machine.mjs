import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, loadavg, totalmem, type } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';

const require = createRequire(import.meta.url);

/** What the figures depend on. */
export function machine() {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    system: type(),
    node: process.version,
    onnxruntime: versionOf('onnxruntime-node'),
    sharp: versionOf('sharp'),
    autocannon: versionOf('autocannon'),
    /** Processes that ran or wanted to, on average over the last minute: above 0 before the start, others were at work. */
    loadAverage: loadavg()[0],
    started: new Date().toISOString(),
  };
}

function versionOf(name) {
  // Not every package lets its package.json be required.
  for (let folder = dirname(require.resolve(name)); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const found = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      if (found.name === name) return found.version;
    } catch {
      // One folder up.
    }
  }
  return 'unknown';
}
