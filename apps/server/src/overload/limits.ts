import { readFileSync } from 'node:fs';
import type { Config } from '../config';
import { largestBody } from './largest-body';
import { memoryLimit } from './memory-limit';

const MIB = 1024 * 1024;

/** Kept for what must go on when connections have the rest: pipes to workers, files of the registry, Redis, logs, URLs. */
const RESERVED_DESCRIPTORS = 512;
const MOST_CONNECTIONS = 10_000;
/** What a connection may cost that does its worst: a piece that was read, requests sent ahead, an answer that waits. */
const BYTES_PER_CONNECTION = 256 * 1024;

/** The configuration with what it leaves to the machine. */
export interface Limits {
  /** Of all bodies that are being read or waited for. */
  bodyBytes: number;
  connections: number;
  /** undefined where the system does not say. */
  descriptors: number | undefined;
  memoryBytes: number;
}

type Configured = Pick<Config, 'BODY_BUDGET_BYTES' | 'MAX_CONNECTIONS' | 'MAX_REQUEST_BYTES' | 'MAX_IMAGE_BYTES'>;

export function limitsOf(config: Configured, memoryBytes = memoryLimit(), descriptors = descriptorLimit()): Limits {
  return {
    bodyBytes: config.BODY_BUDGET_BYTES || Math.max(largestBody(config), within(128 * MIB, memoryBytes / 8, 512 * MIB)),
    connections: Math.floor(
      Math.min(
        config.MAX_CONNECTIONS || within(256, memoryBytes / BYTES_PER_CONNECTION, MOST_CONNECTIONS),
        descriptors === undefined ? Infinity : Math.max(descriptors - RESERVED_DESCRIPTORS, descriptors / 2),
      ),
    ),
    descriptors,
    memoryBytes,
  };
}

function within(least: number, value: number, most: number): number {
  return Math.floor(Math.min(most, Math.max(least, value)));
}

/** proc_pid_limits(5); Node raises the soft limit to the hard one when it starts. */
function descriptorLimit(): number | undefined {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}
