import { dirname } from 'node:path';
import type { FileCalls } from './file-calls';
import { OWN_NAME, ownName } from './owner';

/** Readers see what was there before, or all of `content` as JSON; it is on the disk itself when this returns. */
export async function writeWhole(files: FileCalls, path: string, content: unknown): Promise<void> {
  const draft = await writeDraft(files, path, content);
  try {
    await files.rename(draft, path);
    await files.sync(dirname(path));
  } catch (error) {
    await files.unlink(draft).catch(() => undefined);
    throw error;
  }
}

/** A file that is being written, or was when its writer ended; the groups are those of `OWN_NAME`. */
export const DRAFT_NAME = new RegExp(`\\.${OWN_NAME}\\.draft$`);

/** Writes to a file beside `path`, on the disk itself when it returns. @returns where it is */
export async function writeDraft(files: FileCalls, path: string, content: unknown): Promise<string> {
  const draft = `${path}.${ownName()}.draft`;
  await files.create(draft, `${JSON.stringify(content, null, 2)}\n`);
  return draft;
}

const READ_ONLY = new Set(['EROFS', 'EACCES', 'EPERM', 'EBUSY']);
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** Whether a write failed because it is not allowed here; EBUSY is what a file says that something is mounted over. */
export function isReadOnly(error: unknown): boolean {
  return READ_ONLY.has((error as NodeJS.ErrnoException).code ?? '');
}

/** Whether a write failed for want of room. */
export function isFull(error: unknown): boolean {
  return FULL.has((error as NodeJS.ErrnoException).code ?? '');
}
