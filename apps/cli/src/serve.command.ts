import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import type { Surroundings } from './environment';
import { Failure } from './failure';
import { packageRoot } from './package-root';
import { parseWhole } from './parse';

interface ServeOptions {
  port?: number;
  host?: string;
  registry?: string;
}

const SERVER = 'dist/apps/server/src/main.js';

/** How Node is to run the server, and glibc's malloc to treat it; as scripts/node-settings.mjs has it for `npm start`. */
export const SERVER_FLAGS = ['--enable-source-maps', '--max-semi-space-size=16'];
export const SERVER_ALLOCATOR = { MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072' };

export function serveCommand({ environment }: Surroundings): Command {
  return new Command('serve')
    .description('Starts a server on this machine. Everything else is set by the environment: docs/CONFIGURATION.md.')
    .option('--port <port>', 'where it listens (default: PORT, or else 8000)', parseWhole(0, 65_535))
    .option('--host <address>', 'address that it listens on (default: HOST, or else 0.0.0.0)')
    .option('--registry <folder>', 'the model registry (default: MODEL_REGISTRY, or else ./model-registry)')
    .addHelpText('after', '\nExample:\n  eyrie serve --port 9000 --registry ./model-registry')
    .action(async ({ port, host, registry }: ServeOptions) => {
      process.exitCode = await serve({
        ...(isAllocatorChosen(environment) ? {} : SERVER_ALLOCATOR),
        ...environment,
        ...(port !== undefined && { PORT: String(port) }),
        ...(host !== undefined && { HOST: host }),
        ...(registry !== undefined && { MODEL_REGISTRY: registry }),
      });
    });
}

/** In place of this process: its streams, its signals. @returns its exit code */
async function serve(env: NodeJS.ProcessEnv): Promise<number> {
  const entry = join(packageRoot(), SERVER);
  if (!existsSync(entry)) throw new Failure(`${entry} is not there; build it first: npm run build`);
  const child = spawn(process.execPath, [...SERVER_FLAGS, entry], { stdio: 'inherit', env });
  // A `kill` of this process does not reach the child by itself. A Ctrl-C does, which the child then gets twice and heeds once.
  const handOn = (signal: NodeJS.Signals): void => void child.kill(signal);
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, handOn);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal!]));
    });
  } finally {
    for (const signal of signals) process.off(signal, handOn);
  }
}

function isAllocatorChosen(environment: Surroundings['environment']): boolean {
  return Object.keys(environment).some((name) => /^(LD_PRELOAD|GLIBC_TUNABLES|MALLOC_\w+)$/.test(name));
}
