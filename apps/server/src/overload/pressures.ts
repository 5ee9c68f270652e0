import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { getHeapStatistics } from 'node:v8';

/** What may become short. */
export const RESOURCES = ['event_loop', 'heap', 'memory', 'bodies', 'connections', 'file_descriptors'] as const;
export type Resource = (typeof RESOURCES)[number];

/** How much of each is used, 0 to 1; more than 1 is possible. */
export type Pressures = Record<Resource, number>;

/** An event loop that is late by so much, again and again, answers nobody in time: a pressure of 1. */
const LATE_MS = 2_000;
const TICK_MS = 250;
const TICKS = 5;

/** How late the event loop is: the median of the last ticks, so that it is not judged by one that had something long to do. */
export class EventLoopDelay {
  private readonly delays: number[] = [];
  private expected = Infinity;
  private timer: NodeJS.Timeout | undefined;

  start(): void {
    this.expected = performance.now() + TICK_MS;
    this.timer = setInterval(() => this.tick(performance.now()), TICK_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  tick(now: number): void {
    this.delays.push(Math.max(0, now - this.expected));
    if (this.delays.length > TICKS) this.delays.shift();
    this.expected = now + TICK_MS;
  }

  /** In milliseconds; 0 until there are enough ticks. */
  get median(): number {
    return this.delays.length < TICKS ? 0 : this.delays.toSorted((a, b) => a - b)[Math.floor(TICKS / 2)]!;
  }

  get pressure(): number {
    return this.median / LATE_MS;
  }
}

/** The share of the heap that V8 may have which is in use, garbage included. */
export function heapPressure(): number {
  const { used_heap_size, heap_size_limit } = getHeapStatistics();
  return used_heap_size / heap_size_limit;
}

/** Bytes that the heap may have. */
export function heapLimit(): number {
  return getHeapStatistics().heap_size_limit;
}

/**
 * Memory that is these processes' own and cannot be had back without them; files that they have mapped can.
 * @returns 0 where there is no /proc, and for processes that are gone
 */
export function ownBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + ownBytesOf(pid), 0);
}

function ownBytesOf(pid: number): number {
  try {
    return Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** @returns how many descriptors this process has open; undefined where the system does not say */
export async function openDescriptors(): Promise<number | undefined> {
  try {
    return (await readdir('/proc/self/fd')).length;
  } catch (error) {
    // There is not even one left to look.
    return (error as NodeJS.ErrnoException).code === 'EMFILE' ? Infinity : undefined;
  }
}
