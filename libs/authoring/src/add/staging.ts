import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EyrieError } from '#core';
import { isFull, isReadOnly, removeAbandoned, unfinishedName } from '#registry';

/** A version in the making, inside the registry but out of its readers' sight, until it appears there as a whole. */
export class Staging {
  private constructor(
    private readonly registry: string,
    private readonly root: string,
    /** Where the version's files belong. */
    readonly folder: string,
    private readonly name: string,
    private readonly version: number,
  ) {}

  /** Also clears away what others left behind who were killed. @throws EyrieError REGISTRY_READ_ONLY, CONFLICT */
  static async create(registry: string, name: string, version: number): Promise<Staging> {
    await removeAbandoned(registry);
    const root = join(registry, unfinishedName('adding'));
    const staging = new Staging(registry, root, join(root, String(version)), name, version);
    try {
      await mkdir(root);
      await mkdir(staging.folder);
    } catch (error) {
      await staging.discard();
      throw explainWrite(error, registry);
    }
    return staging;
  }

  /** The file is on the disk itself when this returns. @throws EyrieError REGISTRY_READ_ONLY, CONFLICT */
  async write(file: string, content: string | Uint8Array): Promise<void> {
    try {
      const handle = await open(join(this.folder, file), 'w');
      try {
        await handle.writeFile(content);
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw explainWrite(error, this.registry);
    }
  }

  /** The same, of a file that a new model has beside its first version; of no use where the model is there already. */
  async writeBeside(file: string, content: string): Promise<void> {
    await this.write(join('..', file), content);
  }

  /** Makes it a version of the registry, in one step. @throws EyrieError CONFLICT when there is such a version */
  async publish(): Promise<void> {
    const model = join(this.registry, this.name);
    try {
      await syncFolder(this.folder);
      await syncFolder(this.root);
      // A new model appears together with its first version, so that nothing is left of it if that fails.
      if (!(await renameUnlessTaken(this.root, model))) {
        if (!(await renameUnlessTaken(this.folder, join(model, String(this.version))))) {
          throw versionExists(this.name, this.version);
        }
      }
    } catch (error) {
      throw explainWrite(error, this.registry);
    }
    // It is there for all to see; a crash of the machine alone could still undo that.
    await Promise.allSettled([syncFolder(model), syncFolder(this.registry)]);
  }

  /** Removes what has not been published. */
  async discard(): Promise<void> {
    await rm(this.root, { recursive: true, force: true }).catch(() => undefined);
  }
}

export function versionExists(name: string, version: number): EyrieError {
  return new EyrieError(
    'CONFLICT',
    `${name} has a version ${version} already, and versions never change; give another --version or leave it out`,
  );
}

async function renameUnlessTaken(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    if (code === 'ENOTDIR') throw new EyrieError('CONFLICT', `${to} is in the way: it is no folder; remove it`);
    throw error;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function explainWrite(error: unknown, registry: string): unknown {
  const { code = '', path } = error as NodeJS.ErrnoException;
  const cause = { cause: error };
  if (isReadOnly(error)) {
    const where = path === undefined || dirname(path) === registry ? registry : dirname(path);
    return new EyrieError('REGISTRY_READ_ONLY', `nothing was added: ${where} cannot be written to (${code})`, cause);
  }
  if (isFull(error)) {
    return new EyrieError('CONFLICT', `nothing was added: the disk of ${registry} is full (${code}); make room`, cause);
  }
  return error;
}
