import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EyrieError } from '#core';
import { isFull, isReadOnly, removeAbandoned, unfinishedName } from '#registry';

/** What was uploaded, as the command line reads it from `upload.json`. Its paths are relative to the folder. */
export interface Upload {
  model: string;
  /** Of the model. */
  file: string;
  /** What was said in text fields, by field. */
  fields: Record<string, string>;
  /** What was sent as files beside the model, by field. */
  files: Record<string, string[]>;
}

/** Where an upload lies while it comes and is checked: in the registry, where there must be room for it anyway, out of its readers' sight. */
export class UploadFolder {
  private constructor(readonly path: string) {}

  /** Also clears away what was left behind by others who were killed. @throws EyrieError REGISTRY_READ_ONLY, CONFLICT */
  static async create(registry: string): Promise<UploadFolder> {
    await removeAbandoned(registry);
    const folder = new UploadFolder(join(registry, unfinishedName('uploading')));
    try {
      await mkdir(folder.path, { mode: 0o700 });
    } catch (error) {
      throw explainWrite(error, registry);
    }
    return folder;
  }

  /** For the command line. @throws EyrieError CONFLICT */
  async describe(upload: Upload): Promise<void> {
    try {
      await writeFile(join(this.path, 'upload.json'), JSON.stringify(upload));
    } catch (error) {
      throw explainWrite(error, this.path);
    }
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** What a write that failed means to who uploads. */
export function explainWrite(error: unknown, registry: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const cause = { cause: error };
  if (isReadOnly(error)) {
    return new EyrieError('REGISTRY_READ_ONLY', `nothing was added: ${registry} cannot be written to (${code})`, cause);
  }
  if (isFull(error)) {
    return new EyrieError(
      'CONFLICT',
      `nothing was added: the disk of the registry is full (${code}); make room`,
      cause,
    );
  }
  return error;
}
