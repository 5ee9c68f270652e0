import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { BUNDLED_REGISTRY, REPOSITORY } from './registry';
import { until } from './until';

const ENTRY = join(REPOSITORY, 'dist/apps/server/src/main.js');

/** The built server as a process of its own, as `npm start` runs it. */
export class ServerProcess {
  private out = '';
  private err = '';
  /** The exit code, once it is over; a signal's name if that ended it. */
  readonly exited: Promise<number | string>;
  ended = false;

  private constructor(
    readonly child: ChildProcess,
    readonly port: number,
  ) {
    child.stdout!.on('data', (chunk: Buffer) => (this.out += chunk.toString()));
    child.stderr!.on('data', (chunk: Buffer) => (this.err += chunk.toString()));
    this.exited = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.ended = true;
        resolve(code ?? signal ?? 'unknown');
      });
    });
  }

  static async spawn(env: Record<string, string> = {}): Promise<ServerProcess> {
    const port = env.PORT === undefined ? await freePort() : Number(env.PORT);
    const child = spawn(process.execPath, ['--enable-source-maps', ENTRY], {
      cwd: REPOSITORY,
      env: {
        PATH: process.env.PATH,
        HOST: '127.0.0.1',
        PORT: String(port),
        GRPC_PORT: '0',
        MODEL_REGISTRY: BUNDLED_REGISTRY,
        CACHE_MAX_BYTES: '0',
        // A machine that has just installed and compiled everything may keep a process waiting for its disk.
        REGISTRY_TIMEOUT_MS: '60000',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new ServerProcess(child, port);
  }

  /** Resolves when it serves. */
  static async start(env: Record<string, string> = {}): Promise<ServerProcess> {
    const server = await ServerProcess.spawn(env);
    try {
      await until(() => server.ended || server.out.includes('serving on'), 'the server serves', 60_000);
    } catch (error) {
      await server.kill();
      throw error;
    }
    if (server.ended) throw new Error(`the server did not start: ${server.err}`);
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get stderr(): string {
    return this.err;
  }

  /** Its log so far, parsed; the line that is still on its way is left out. */
  get log(): Record<string, unknown>[] {
    return this.out
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Ends it by force, should it still run. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
