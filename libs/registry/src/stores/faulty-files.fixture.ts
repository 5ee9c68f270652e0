import * as node from 'node:fs/promises';
import { LocalFiles, type NodeFiles } from './local-files';

/** What becomes of the step that fails. */
export type Fault =
  | 'EIO'
  | 'EACCES'
  /** Of a file's bytes, half are written before. */
  | 'ENOSPC'
  /** Neither this step nor any later one is done: what the disk sees of a process that is killed. */
  | 'death';

type Call = (...args: unknown[]) => unknown;

/** Node's own file system, whose n-th step fails; steps of an open file are steps, too. Closing one is none: it never stays open. */
export class FaultyFiles {
  steps = 0;
  readonly names: string[] = [];
  private readonly opened = new Set<node.FileHandle>();
  readonly files = new LocalFiles(this.watch(node as unknown as Record<string, Call>) as unknown as NodeFiles);

  /** @param failing the step, from 1; 0 fails none @param onDeath instead of going silent */
  constructor(
    private readonly failing: number,
    private readonly fault: Fault,
    private readonly onDeath: () => Promise<never> = () => new Promise(() => undefined),
  ) {}

  /** How many files are open. */
  get open(): number {
    return this.opened.size;
  }

  /** Gives back what one who has died could not. */
  async end(): Promise<void> {
    await Promise.all([...this.opened].map((file) => file.close().catch(() => undefined)));
  }

  get hasFailed(): boolean {
    return this.failing > 0 && this.steps >= this.failing;
  }

  private watch<T extends object>(real: T): T {
    return new Proxy(real, {
      get: (target, key) => {
        const value = Reflect.get(target, key) as unknown;
        if (typeof value !== 'function') return value;
        const call = (...args: unknown[]): unknown => Reflect.apply(value as Call, target, args);
        if (key !== 'close') return (...args: unknown[]) => this.step(String(key), args, call);
        return () => {
          this.opened.delete(target as unknown as node.FileHandle);
          return call();
        };
      },
    });
  }

  private async step(name: string, args: unknown[], call: Call): Promise<unknown> {
    this.names.push(name);
    this.steps++;
    if (this.fault === 'death' && this.hasFailed) {
      if (name === 'writeFile' && this.steps === this.failing) await call(half(args[0]));
      return this.onDeath();
    }
    if (this.steps === this.failing) await this.fail(name, args, call);
    const result = await call(...args);
    if (name !== 'open') return result;
    this.opened.add(result as node.FileHandle);
    return this.watch(result as node.FileHandle);
  }

  private async fail(name: string, args: unknown[], call: Call): Promise<void> {
    if (name === 'writeFile' && this.fault === 'ENOSPC') await call(half(args[0]));
    throw Object.assign(new Error(`${this.fault}: it fails, ${name}`), { code: this.fault });
  }
}

function half(text: unknown): string {
  return String(text).slice(0, String(text).length / 2);
}
