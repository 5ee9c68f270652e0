import { link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LOCAL_FILES, removeAbandoned, unfinishedName } from '#registry';
import { copyFile } from './copied-file';
import type { FoundFile } from './registry-files';
import {
  type BackedUpFile,
  MANIFEST,
  manifestText,
  modelOf,
  pathIn,
  readSnapshot,
  type Snapshot,
  type SnapshotFacts,
  snapshotName,
  snapshotsIn,
} from './snapshot';

/** A backup in the making, in a folder of backups but under a name that nobody takes for one, until it appears there as a whole. */
export class SnapshotWriter {
  private files: BackedUpFile[] = [];
  private readonly folders = new Set<string>();
  /** Bytes that have been copied; the others were in the backup before. */
  copied = 0;

  private constructor(
    private readonly backups: string,
    /** Until it is finished. */
    readonly folder: string,
    private readonly before: Map<string, BackedUpFile>,
    private readonly previous: Snapshot | undefined,
    private readonly signal: AbortSignal,
  ) {}

  /** Also clears away what others left behind who were killed. @param backups a folder that is there */
  static async create(backups: string, signal: AbortSignal): Promise<SnapshotWriter> {
    await removeAbandoned(backups);
    const previous = await newest(backups);
    const folder = join(backups, unfinishedName('backing-up'));
    await mkdir(folder);
    const before = new Map(previous?.files.map((file) => [file.path, file]));
    return new SnapshotWriter(backups, folder, before, previous, signal);
  }

  /** A file as it is; where the backup before has it already, that one. @returns what it is now */
  async add(file: FoundFile): Promise<BackedUpFile> {
    this.signal.throwIfAborted();
    const { path, modifiedMs, changedMs } = file;
    const to = await this.place(path);
    const known = (await this.link(file, to)) ?? (await copyFile(file.source, to, this.signal));
    if (!('path' in known)) this.copied += known.bytes;
    return this.note({ path, sha256: known.sha256, bytes: known.bytes, modifiedMs, changedMs });
  }

  /** Takes back what there is of a folder: it is read anew, or is gone. @param path below the registry */
  async forget(path: string): Promise<void> {
    this.files = this.files.filter((file) => !file.path.startsWith(`${path}/`));
    const folder = pathIn(this, { path });
    for (const made of [...this.folders]) {
      if (join(made, '/').startsWith(join(folder, '/'))) this.folders.delete(made);
    }
    await rm(folder, { recursive: true, force: true });
  }

  get models(): Set<string> {
    return new Set(this.files.map(modelOf).filter((model) => model !== undefined));
  }

  get all(): readonly BackedUpFile[] {
    return this.files;
  }

  /** Where the bytes are of a file that has been added. */
  pathOf(file: { path: string }): string {
    return pathIn(this, file);
  }

  /** @returns the backup's folder */
  async finish(facts: Omit<SnapshotFacts, 'files'>): Promise<string> {
    const manifest = await open(join(this.folder, MANIFEST), 'wx');
    try {
      await manifest.writeFile(manifestText({ ...facts, files: this.files }));
      await manifest.sync();
    } finally {
      await manifest.close();
    }
    for (const folder of [...this.folders, this.folder]) await LOCAL_FILES.sync(folder);
    const final = join(this.backups, snapshotName(new Date(facts.at), facts.content));
    await rename(this.folder, final);
    await LOCAL_FILES.sync(this.backups);
    return final;
  }

  async discard(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true }).catch(() => undefined);
  }

  private note(file: BackedUpFile): BackedUpFile {
    this.files.push(file);
    return file;
  }

  private async place(path: string): Promise<string> {
    const place = pathIn(this, { path });
    for (let folder = dirname(place); !this.folders.has(folder) && folder !== this.folder; folder = dirname(folder)) {
      this.folders.add(folder);
    }
    await mkdir(dirname(place), { recursive: true });
    return place;
  }

  /** Undefined where it has to be copied: it is another file, or the file system of the backups knows no links. */
  private async link(file: FoundFile, to: string): Promise<BackedUpFile | undefined> {
    const known = this.before.get(file.path);
    if (!known || !this.previous) return undefined;
    const isSame =
      known.bytes === file.bytes && known.modifiedMs === file.modifiedMs && known.changedMs === file.changedMs;
    if (!isSame) return undefined;
    const from = pathIn(this.previous, file);
    try {
      const { size } = await stat(from);
      if (size !== known.bytes) return undefined;
      await link(from, to);
      return known;
    } catch {
      return undefined;
    }
  }
}

/** What a backup can build on; one that cannot be read is none. */
async function newest(backups: string): Promise<Snapshot | undefined> {
  const [folder] = await snapshotsIn(backups, 'all');
  return folder === undefined ? undefined : readSnapshot(folder).catch(() => undefined);
}
