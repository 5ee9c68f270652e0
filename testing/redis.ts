import { createClient } from '@redis/client';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { tmpdir } from 'node:os';
import { freePort } from './server-process';
import { until } from './until';

const IS_THERE = spawnSync('redis-server', ['--version']).status === 0;

/** `describe` for tests that need a real Redis; they are skipped, and say why, where there is none. */
export function describeWithRedis(name: string, tests: () => void): void {
  if (IS_THERE) describe(name, tests);
  else describe.skip(`${name} (skipped: redis-server is not on the PATH)`, tests);
}

/** A real redis-server that keeps nothing on disk. */
export class RedisProcess {
  private child!: ChildProcess;

  private constructor(
    readonly port: number,
    private readonly options: string[],
  ) {}

  /** @param options as on redis-server's command line */
  static async start(...options: string[]): Promise<RedisProcess> {
    const redis = new RedisProcess(await freePort(), options);
    await redis.restart();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it, with nothing in it, on the same port as before. */
  async restart(): Promise<void> {
    const args = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    this.child = spawn('redis-server', [...args, ...this.options], { cwd: tmpdir(), stdio: 'ignore' });
    await until(() => this.command(['PING']).then(Boolean, () => false), 'Redis answers');
  }

  /** Says something to it on a connection of its own. */
  async command(args: string[]): Promise<unknown> {
    const client = createClient({ url: this.url, RESP: 2, socket: { reconnectStrategy: false } });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await client.sendCommand(args);
    } finally {
      client.destroy();
    }
  }

  /** Accepts connections and commands from now on, and answers nothing. */
  hang(): void {
    this.child.kill('SIGSTOP');
  }

  goOn(): void {
    this.child.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await gone;
  }
}
