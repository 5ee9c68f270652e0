import { totalmem } from 'node:os';

/** Bytes that the server and its workers may use together: the limit of their cgroup (v1 or v2), or all of the machine. */
export function memoryLimit(): number {
  // Without a limit, libuv says 0 or a number beyond all memory.
  return Math.min(process.constrainedMemory() || Infinity, totalmem());
}
