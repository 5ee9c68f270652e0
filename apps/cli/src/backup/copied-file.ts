import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';

const CHUNK = 1024 * 1024;

export interface ReadFile {
  /** 64 lower-case hex digits. */
  sha256: string;
  bytes: number;
}

/**
 * Copies a file, and says what has been copied; it is on the disk itself when this returns.
 * @param to not there yet
 * @throws what Node does, and the signal's reason
 */
export async function copyFile(from: string, to: string, signal: AbortSignal): Promise<ReadFile> {
  const source = await open(from);
  try {
    const target = await open(to, 'wx');
    try {
      const read = await digest(source, signal, (chunk) => writeAll(target, chunk));
      await target.sync();
      return read;
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** @throws as `copyFile` */
export async function readFileDigest(path: string, signal: AbortSignal): Promise<ReadFile> {
  const file = await open(path);
  try {
    return await digest(file, signal);
  } finally {
    await file.close();
  }
}

async function digest(
  file: FileHandle,
  signal: AbortSignal,
  each?: (chunk: Uint8Array) => Promise<void>,
): Promise<ReadFile> {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(CHUNK);
  for (let bytes = 0; ;) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, CHUNK);
    if (bytesRead === 0) return { sha256: hash.digest('hex'), bytes };
    const chunk = buffer.subarray(0, bytesRead);
    hash.update(chunk);
    await each?.(chunk);
    bytes += bytesRead;
  }
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.length;) done += (await file.write(chunk, done)).bytesWritten;
}
