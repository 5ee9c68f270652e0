import { accessSync, constants, existsSync } from 'node:fs';

/** POSIX has one everywhere; the images of some systems have none. */
const SHELL = '/bin/sh';

/**
 * What a worker may have of the system, setrlimit(2), in the words of POSIX's `ulimit`:
 * `-c` no picture of its memory is written to the disk when it crashes: a client's input and the model are in it;
 * `-n` of file descriptors as many as it needs by far: pipes, the model and its weights, libraries.
 * Where the server has fewer than 2000, so has a worker.
 *
 * There is none of processes: the kernel counts all of the user, the server and its threads too. None of address space: V8 and WebAssembly
 * reserve more than 11 GiB and use some hundred MiB of them. None of the size of files: libvips may lay a large picture down in one.
 */
const SCRIPT = [
  'ulimit -c 0 2>/dev/null',
  'case $(ulimit -n) in unlimited|[2-9]???|?????*) ulimit -n 1024 2>/dev/null;; esac',
  'exec "$0" "$@"',
].join('; ');

/** Whether workers get limits of their own: Node cannot set any, a shell can, and becomes the worker. */
export const hasWorkerLimits = process.platform !== 'win32' && existsSync(SHELL);

/**
 * The command that runs another one with the limits of a worker, as the same process. Where there is no shell, that command itself; and
 * where there is no such program, since of the shell's error nobody would learn why.
 */
export function withLimits(program: string, args: readonly string[]): [program: string, args: readonly string[]] {
  return hasWorkerLimits && isThere(program) ? [SHELL, ['-c', SCRIPT, program, ...args]] : [program, args];
}

function isThere(program: string): boolean {
  try {
    accessSync(program, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
