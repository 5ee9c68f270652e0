import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbandoned, OWN_NAME, ownName } from './owner';

/** Begins with a dot, so that no reader of the registry takes it for a model. */
const UNFINISHED = new RegExp(`^\\.(?:adding|uploading|restoring|backing-up)-${OWN_NAME}$`);
/** Of another machine's process nothing is known; nobody takes so long to add a version. */
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;

/** A name that nobody else takes, for what is being put into a registry or a folder of backups; it says whose it is. */
export function unfinishedName(what: 'adding' | 'uploading' | 'restoring' | 'backing-up'): string {
  return `.${what}-${ownName()}`;
}

/** Clears away what those left behind who were killed. */
export async function removeAbandoned(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const [matched, machine, pid] = UNFINISHED.exec(name) ?? [];
    if (matched === undefined) continue;
    const path = join(folder, name);
    const found = await lstat(path).catch(() => null);
    if (found && isAbandoned(machine, pid, found.mtimeMs, ABANDONED_AFTER_MS)) {
      await rm(path, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}
