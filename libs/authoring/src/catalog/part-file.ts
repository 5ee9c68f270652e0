import { type FileHandle, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { DownloadError } from './download-errors';

/** The ETag of what a part is a part of, and the URL that gave it. */
export interface Origin {
  url: string;
  etag: string;
}

/** A file that is being downloaded: bytes from its beginning, and a note of where they came from. */
export class PartFile {
  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private bytes: number,
    private from: Origin | null,
  ) {}

  static async open(path: string): Promise<PartFile> {
    const handle = await open(path, 'a').catch((error: unknown) => {
      throw cannotWrite(path, error);
    });
    return new PartFile(path, handle, (await stat(path)).size, await readOrigin(path));
  }

  get size(): number {
    return this.bytes;
  }

  /** Null when the server named none. */
  get origin(): Origin | null {
    return this.from;
  }

  /** Forgets what has come, and notes where the next bytes come from. @throws DownloadError */
  async restart(origin: Origin | null): Promise<void> {
    try {
      if (this.bytes > 0) await this.handle.truncate(0);
      this.bytes = 0;
      this.from = origin;
      if (origin) await writeFile(originPath(this.path), JSON.stringify(origin));
      else await rm(originPath(this.path), { force: true });
    } catch (error) {
      throw cannotWrite(this.path, error);
    }
  }

  /** @throws DownloadError when the disk is full, for instance */
  async append(chunk: Uint8Array): Promise<void> {
    try {
      await this.handle.appendFile(chunk);
      this.bytes += chunk.length;
    } catch (error) {
      throw cannotWrite(this.path, error);
    }
  }

  /** Has everything reach the disk. */
  async sync(): Promise<void> {
    await this.handle.sync().catch((error: unknown) => {
      throw cannotWrite(this.path, error);
    });
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

export async function removePart(path: string): Promise<void> {
  await rm(path, { force: true });
  await rm(originPath(path), { force: true });
}

const originPath = (path: string) => `${path}.origin`;

async function readOrigin(path: string): Promise<Origin | null> {
  try {
    const { url, etag } = JSON.parse(await readFile(originPath(path), 'utf8')) as Partial<Origin>;
    return typeof url === 'string' && typeof etag === 'string' ? { url, etag } : null;
  } catch {
    return null; // without it the part is resumed all the same, and the checksum decides
  }
}

function cannotWrite(path: string, error: unknown): DownloadError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new DownloadError(`the disk is full: cannot write ${path}; make room and pull again, it goes on from there`);
  }
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') {
    return new DownloadError(`${path} cannot be written (${code}); choose a registry that can with --registry`);
  }
  return new DownloadError(`cannot write ${path}: ${message}`);
}
