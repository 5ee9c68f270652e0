// What a process and all that it has started use, by Linux' /proc. Elsewhere there are no figures, and null is given.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';

const isLinux = process.platform === 'linux';
const PAGE_BYTES = 4096;
const ticksPerSecond = isLinux ? Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })) : 100;
/** What /proc counts memory in. */
const pageBytes = isLinux ? Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' })) : PAGE_BYTES;

/**
 * CPU time used so far and memory in use now, of `root` and its descendants.
 * @param {number} root process id
 * @returns {{ cpuSeconds: number, rssBytes: number, processes: number } | null}
 */
export function processTree(root) {
  if (!isLinux) return null;
  const all = readAll();
  const tree = new Set([root]);
  // A child's id may be lower than its parent's: repeat until nothing is added.
  for (let size = 0; size !== tree.size;) {
    size = tree.size;
    for (const [pid, { parent }] of all) if (tree.has(parent)) tree.add(pid);
  }
  const members = [...tree].map((pid) => all.get(pid)).filter(Boolean);
  return {
    cpuSeconds: members.reduce((sum, { ticks }) => sum + ticks, 0) / ticksPerSecond,
    rssBytes: members.reduce((sum, { pages }) => sum + pages, 0) * pageBytes,
    processes: members.length,
  };
}

/** Memory in use now of one process alone. */
export function rssBytesOf(pid) {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * pageBytes;
}

function readAll() {
  const all = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // proc(5): the name of the program, in parentheses, may hold anything; what follows does not.
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const [parent, user, system, pages] = [fields[1], fields[11], fields[12], fields[21]].map(Number);
      all.set(Number(name), { parent, ticks: user + system, pages });
    } catch {
      // It has ended meanwhile.
    }
  }
  return all;
}

/** Samples the memory of a process tree and tells the CPU time between `start` and `stop`. */
export class TreeMeter {
  #root;
  #first = null;
  #startedAt = 0;
  #peak = 0;
  #timer;

  constructor(root) {
    this.#root = root;
  }

  start() {
    this.#first = processTree(this.#root);
    this.#startedAt = performance.now();
    this.#peak = this.#first?.rssBytes ?? 0;
    this.#timer = setInterval(() => {
      this.#peak = Math.max(this.#peak, processTree(this.#root)?.rssBytes ?? 0);
    }, 250);
  }

  /** `cpus`: how many were busy on average. @returns {{ cpus: number, peakRssBytes: number } | null} */
  stop() {
    clearInterval(this.#timer);
    const last = processTree(this.#root);
    if (!this.#first || !last) return null;
    const seconds = (performance.now() - this.#startedAt) / 1000;
    return {
      cpus: (last.cpuSeconds - this.#first.cpuSeconds) / seconds,
      peakRssBytes: Math.max(this.#peak, last.rssBytes),
    };
  }
}
