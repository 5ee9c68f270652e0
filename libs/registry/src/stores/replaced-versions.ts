import { join } from 'node:path';
import type { FileCalls, FolderEntry } from './file-calls';
import { isAbandoned, OWN_NAME, ownName } from './owner';

/** `.replaced-<owner>/<model>/<version>` is a version out of its place, until another one has taken that. */
const REPLACED = new RegExp(`^\\.replaced-${OWN_NAME}$`);
/** Between the two renames of `replaceVersion` there is nothing to wait for. */
const ABANDONED_AFTER_MS = 10_000;

/**
 * Puts one version in the place of another, which no file system does in one step: for a moment there is none. Should that moment be
 * the last one of this process, `finishReplacements` puts the old one back.
 * @param staged a folder with the new version's files, in the same file system
 */
export async function replaceVersion(
  files: FileCalls,
  registry: string,
  { model, version }: { model: string; version: number },
  staged: string,
): Promise<void> {
  const place = join(registry, model, String(version));
  const aside = join(registry, `.replaced-${ownName()}`);
  const old = join(aside, model, String(version));
  await files.makeFolder(aside);
  try {
    await files.makeFolder(join(aside, model));
    await files.rename(place, old);
    try {
      await files.rename(staged, place);
    } catch (error) {
      await files.rename(old, place);
      throw error;
    }
    await files.sync(join(registry, model));
  } finally {
    // Not where the old version could not be put back: it is in there alone.
    if (await isThere(files, place)) await files.removeFolder(aside).catch(() => undefined);
  }
}

/** Brings to its end what those have begun who are gone: a version that is out of its place goes back unless another is there. */
export async function finishReplacements(
  files: FileCalls,
  registry: string,
  entries: readonly FolderEntry[],
): Promise<void> {
  for (const { name } of entries) {
    const [isOurs, machine, pid] = REPLACED.exec(name) ?? [];
    if (isOurs === undefined) continue;
    const aside = join(registry, name);
    try {
      const { modifiedMs } = await files.follow(aside);
      if (!isAbandoned(machine, pid, modifiedMs, ABANDONED_AFTER_MS)) continue;
      await putBack(files, registry, aside);
      await files.removeFolder(aside);
    } catch {
      // Where nothing can be written, it stays for whoever can.
    }
  }
}

async function putBack(files: FileCalls, registry: string, aside: string): Promise<void> {
  for (const { name: model } of await files.list(aside)) {
    for (const { name: version } of await files.list(join(aside, model))) {
      const place = join(registry, model, version);
      if (!(await isThere(files, place))) await files.rename(join(aside, model, version), place);
    }
  }
}

async function isThere(files: FileCalls, path: string): Promise<boolean> {
  return files.follow(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
}
