import { closeSync, constants, fstatSync, openSync, write, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Somewhere to write bytes. */
export interface Descriptor {
  /** @returns how many it took, 0 when it can take none at present @throws the system's error; ENOSPC, EPIPE, … */
  write(bytes: Buffer): number | Promise<number>;
}

/**
 * Standard output (1), standard error (2) or a file, written to without ever waiting in this thread. A reader may stop, and a write that waits for
 * it on one of libuv's threads would hold the end of the process, which waits for these threads: so pipes, sockets and terminals are
 * written without blocking. What else there is, files and devices, knows no such way.
 */
export function descriptorOf(fd: number): Descriptor {
  const stat = fstatSync(fd);
  const isTerminal = isatty(fd);
  if (!isTerminal && !stat.isFIFO() && !stat.isSocket()) return onThread(fd);
  const own = openAgain(fd);
  if (own !== undefined) return withoutBlocking(own);
  if (isTerminal || fd > 2) return onThread(fd);
  // Node makes a pipe or a socket non-blocking when it makes a stream of it, and knows no other way.
  void (fd === 1 ? process.stdout : process.stderr);
  return withoutBlocking(fd);
}

/**
 * The same file, opened once more, so that whoever shares the descriptor goes on to block. Linux only, and not for sockets.
 * @returns undefined where that cannot be done
 */
function openAgain(fd: number): number | undefined {
  try {
    const own = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const [there, here] = [fstatSync(fd), fstatSync(own)];
    if (there.dev === here.dev && there.ino === here.ino) return own;
    closeSync(own);
  } catch {
    // No /proc, somebody else's file, a socket, or nobody reads.
  }
  return undefined;
}

function withoutBlocking(fd: number): Descriptor {
  return {
    write: (bytes) => {
      try {
        return writeSync(fd, bytes);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
        throw error;
      }
    },
  };
}

function onThread(fd: number): Descriptor {
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        write(fd, bytes, (error, count) => (error ? reject(error) : resolve(count)));
      }),
  };
}
