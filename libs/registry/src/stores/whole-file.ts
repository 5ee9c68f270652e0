import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';

/** Readers see what was there before, or all of `content` as JSON. */
export async function writeWhole(path: string, content: unknown): Promise<void> {
  const draft = await writeDraft(path, content);
  try {
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** Writes to a file beside `path`, on the disk itself when it returns. @returns where it is */
export async function writeDraft(path: string, content: unknown): Promise<string> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.draft`;
  try {
    const file = await open(draft, 'wx');
    try {
      await file.writeFile(`${JSON.stringify(content, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    return draft;
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

const READ_ONLY = new Set(['EROFS', 'EACCES', 'EPERM']);
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** Whether a write failed because it is not allowed here. */
export function isReadOnly(error: unknown): boolean {
  return READ_ONLY.has((error as NodeJS.ErrnoException).code ?? '');
}

/** Whether a write failed for want of room. */
export function isFull(error: unknown): boolean {
  return FULL.has((error as NodeJS.ErrnoException).code ?? '');
}
