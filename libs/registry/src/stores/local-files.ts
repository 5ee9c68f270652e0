import { createHash } from 'node:crypto';
import type { Dirent, Stats } from 'node:fs';
import * as node from 'node:fs/promises';
import { join } from 'node:path';
import type { EntryKind, FileCalls, FileFacts, FolderEntry, InsideFile } from './file-calls';
import { liesInside } from './lies-inside';

/** Bytes; where this is done beside requests, none waits longer than their hashing takes: a tenth of a millisecond. */
const HASHED_AT_ONCE = 65_536;
/** Told so often while a large file is read, bytes. */
const SIGN_EVERY = 8 * 1024 * 1024;
/** What a file system says that cannot sync a folder, or needs not. */
const NO_SYNC = new Set(['EINVAL', 'ENOTSUP', 'EISDIR', 'EBADF', 'EPERM', 'ENOSYS']);

export type NodeFiles = Pick<
  typeof node,
  'link' | 'lstat' | 'mkdir' | 'open' | 'readdir' | 'readFile' | 'realpath' | 'rename' | 'rm' | 'stat' | 'unlink'
>;

/** The disk of this machine, asked by this process: a call lasts as long as the disk takes. */
export class LocalFiles implements FileCalls {
  /** @param onSign told while a long call gets on */
  constructor(
    private readonly fs: NodeFiles = node,
    private readonly onSign: () => void = () => undefined,
  ) {}

  async list(folder: string): Promise<FolderEntry[]> {
    const entries = await this.fs.readdir(folder, { withFileTypes: true });
    return entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
  }

  async follow(path: string): Promise<FileFacts & { path: string }> {
    const real = await this.fs.realpath(path);
    const found = await this.fs.stat(real);
    return { path: real, kind: kindOf(found), size: found.size, modifiedMs: found.mtimeMs, names: found.nlink };
  }

  async inside(root: string, path: string, content: boolean): Promise<InsideFile> {
    const found = await this.follow(path);
    const isInside = liesInside((await this.follow(root)).path, found.path);
    if (!content || !isInside || found.kind !== 'file') return { ...found, isInside };
    return { ...found, isInside, content: await this.fs.readFile(found.path) };
  }

  async fingerprint(folder: string): Promise<string> {
    const names = (await this.fs.readdir(folder, { recursive: true })).sort();
    const facts = names.map(async (name) => {
      const path = join(folder, name);
      // What a link leads to, since that is what is read; a link that leads nowhere has its own facts.
      const { size, mtimeMs, ctimeMs } = await this.fs.stat(path).catch(() => this.fs.lstat(path));
      return `${name} ${size} ${mtimeMs} ${ctimeMs}`;
    });
    return (await Promise.all(facts)).join('\n');
  }

  read(path: string): Promise<Uint8Array> {
    return this.fs.readFile(path);
  }

  async sha256(path: string): Promise<string> {
    const hash = createHash('sha256');
    // One buffer for all of it: those of a stream would wait for the garbage collector, beside those of the traffic.
    const buffer = Buffer.alloc(HASHED_AT_ONCE);
    const file = await this.fs.open(path);
    try {
      for (let done = 0; ;) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length);
        if (bytesRead === 0) return hash.digest('hex');
        hash.update(buffer.subarray(0, bytesRead));
        if (Math.floor((done + bytesRead) / SIGN_EVERY) > Math.floor(done / SIGN_EVERY)) this.onSign();
        done += bytesRead;
      }
    } finally {
      await file.close();
    }
  }

  async makeFolder(path: string): Promise<void> {
    // Not with `recursive`: on a read-only file system Node answers that with ENOENT, as if the parent were not there.
    await this.fs.mkdir(path);
  }

  async create(path: string, text: string): Promise<void> {
    const file = await this.fs.open(path, 'wx');
    try {
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      await this.fs.rm(path, { force: true }).catch(() => undefined);
      throw error;
    }
  }

  link(path: string, name: string): Promise<void> {
    return this.fs.link(path, name);
  }

  rename(from: string, to: string): Promise<void> {
    return this.fs.rename(from, to);
  }

  unlink(path: string): Promise<void> {
    return this.fs.unlink(path);
  }

  removeFolder(path: string): Promise<void> {
    return this.fs.rm(path, { recursive: true });
  }

  async sync(folder: string): Promise<void> {
    try {
      const handle = await this.fs.open(folder, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (!NO_SYNC.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
}

/** For whoever does not say otherwise: a command of the command line, which somebody can end. */
export const LOCAL_FILES: FileCalls = new LocalFiles();

function kindOf(entry: Dirent | Stats): EntryKind {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'folder';
  return entry.isSymbolicLink() ? 'link' : 'other';
}
