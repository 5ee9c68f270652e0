import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { DRAFT_NAME } from '#registry';

export interface FoundFile {
  /** Below the registry, with `/`. */
  path: string;
  /** Where it is read: the path without links. */
  source: string;
  bytes: number;
  modifiedMs: number;
  changedMs: number;
}

/** Told of what is in the registry and cannot be in a backup. */
export type OnLeftOut = (sentence: string) => void;

/** What begins with a dot is being added or removed just now, downloaded, or what a ConfigMap's links lead to. */
export function isOfTheRegistry(name: string): boolean {
  return !name.startsWith('.') && !DRAFT_NAME.test(name) && name !== 'lost+found';
}

/**
 * The files in a folder and in those inside it. Links are followed as far as a server follows them: inside the registry.
 * @param registry without links
 * @param path of the folder below the registry; '' for the registry itself
 * @param isWanted by its path, of the folder's own entries; all without it
 * @throws what Node does, where something has gone meanwhile or cannot be read
 */
export async function filesIn(
  registry: string,
  path: string,
  onLeftOut: OnLeftOut,
  isWanted: (path: string) => boolean = () => true,
): Promise<FoundFile[]> {
  const walk = new Walk(registry, onLeftOut);
  return walk.folder(path, await realpath(join(registry, path)), [], isWanted);
}

class Walk {
  constructor(
    private readonly registry: string,
    private readonly onLeftOut: OnLeftOut,
  ) {}

  async folder(
    path: string,
    source: string,
    above: readonly string[],
    isWanted: (path: string) => boolean = () => true,
  ): Promise<FoundFile[]> {
    const found: FoundFile[] = [];
    const names = (await readdir(source)).filter(isOfTheRegistry).sort();
    for (const name of names) {
      const inside = path === '' ? name : `${path}/${name}`;
      if (isWanted(inside)) found.push(...(await this.entry(inside, join(source, name), [...above, source])));
    }
    return found;
  }

  private async entry(path: string, at: string, above: readonly string[]): Promise<FoundFile[]> {
    const source = await realpath(at).catch((error: NodeJS.ErrnoException) => {
      // A file that has gone since its folder was read is no link.
      if (error.code !== 'ENOENT') throw error;
      return undefined;
    });
    if (source === undefined) return this.gone(path, at);
    if (!source.startsWith(this.registry + sep)) {
      return this.leaveOut(`${path} is a link that leads out of the registry, which a server refuses`);
    }
    const facts = await stat(source);
    if (facts.isFile()) {
      return [{ path, source, bytes: facts.size, modifiedMs: facts.mtimeMs, changedMs: facts.ctimeMs }];
    }
    if (!facts.isDirectory()) return this.leaveOut(`${path} is neither a file nor a folder`);
    if (above.includes(source)) return this.leaveOut(`${path} is a link to a folder that it lies in`);
    return this.folder(path, source, above);
  }

  /** @throws where it was no link that leads nowhere */
  private async gone(path: string, at: string): Promise<FoundFile[]> {
    await lstat(at);
    return this.leaveOut(`${path} is a link that leads nowhere`);
  }

  private leaveOut(sentence: string): [] {
    this.onLeftOut(`${sentence}: it is not in the backup`);
    return [];
  }
}
