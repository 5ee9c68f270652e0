import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where a group of memory is made, and what its limit is called: cgroups(7). */
const HIERARCHIES = [
  { folder: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', kills: 'memory.oom_control' },
  { folder: '/sys/fs/cgroup', limit: 'memory.max', kills: 'memory.events' },
];

/**
 * A group of processes that have so much memory together and no more.
 * @param {number} bytes
 * @returns undefined where this machine, or this user, cannot make one
 */
export function memoryCgroup(bytes) {
  for (const { folder, limit, kills } of HIERARCHIES) {
    const path = join(folder, `eyrie-bounds-${process.pid}`);
    try {
      mkdirSync(path);
      if (!existsSync(join(path, limit))) throw new Error('no limit on memory here');
      writeFileSync(join(path, limit), String(bytes));
      return new MemoryCgroup(path, kills);
    } catch {
      if (existsSync(path)) rmdirSync(path);
    }
  }
  return undefined;
}

class MemoryCgroup {
  #path;
  #kills;

  constructor(path, kills) {
    this.#path = path;
    this.#kills = kills;
    /** A command that runs the one behind it in the group. */
    this.within = ['sh', '-c', `echo $$ > '${path}/cgroup.procs' && exec "$@"`, 'sh'];
  }

  /** How many processes the kernel has ended in it, because it was full. */
  get killed() {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync(join(this.#path, this.#kills), 'utf8'))?.[1] ?? 0);
  }

  async remove() {
    // A process that has just ended may still be in it.
    for (let i = 0; i < 50; i++) {
      try {
        return rmdirSync(this.#path);
      } catch {
        await sleep(100);
      }
    }
  }
}
