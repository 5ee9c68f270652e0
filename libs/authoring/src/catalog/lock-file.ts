import { readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { DownloadError } from './download-errors';

/**
 * Keeps two processes from writing the same file. A lock whose process is gone, on this host, is taken over.
 * @returns what gives the lock back
 * @throws DownloadError when another process has it
 */
export async function lock(path: string): Promise<() => Promise<void>> {
  for (let tries = 0; ; tries++) {
    try {
      await writeFile(path, `${process.pid} ${hostname()}`, { flag: 'wx' });
      return () => rm(path, { force: true });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'EEXIST') throw new DownloadError(`cannot write ${path}: ${message}`);
    }
    const holder = await readFile(path, 'utf8').catch(() => '');
    if (tries > 0 || !isGone(holder)) {
      throw new DownloadError(`process ${holder || 'unknown'} is downloading the same file; wait, or delete ${path}`);
    }
    await rm(path, { force: true });
  }
}

function isGone(holder: string): boolean {
  const [pid, host] = holder.split(' ');
  if (host !== hostname() || !Number(pid)) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
