import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Failure } from '../failure';

/**
 * A backup is a folder `<time>/`: `backup.json` says what is in it, with the SHA-256 of every file, and `registry/` has the files as
 * they lay in the registry. Those that have not changed since the backup before are the same files there and here, by hard links.
 */
export const MANIFEST = 'backup.json';
export const FILES = 'registry';

const SCHEMA = 1;
const NAME = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z(-policies)?$/;

/** What a backup has: the whole registry, or its policies with all their revisions. */
export type Content = 'all' | 'policies';

export interface BackedUpFile {
  /** Below the registry, with `/`. */
  path: string;
  sha256: string;
  bytes: number;
  /** When the file in the registry was changed, in its bytes and in what the file system knows of it; ms since 1970. */
  modifiedMs: number;
  changedMs: number;
}

export interface SnapshotFacts {
  /** ISO 8601. */
  at: string;
  content: Content;
  /** Of Eyrie. */
  version: string;
  /** Where the registry lay. */
  registry: string;
  files: BackedUpFile[];
}

export interface Snapshot extends SnapshotFacts {
  folder: string;
}

/** Sorts as the times do. */
export function snapshotName(at: Date, content: Content): string {
  return at.toISOString().replaceAll(':', '-') + (content === 'policies' ? '-policies' : '');
}

export function manifestText(facts: SnapshotFacts): string {
  return `${JSON.stringify({ schema: SCHEMA, ...facts }, null, 2)}\n`;
}

/** The path of one of a backup's files. */
export function pathIn(snapshot: Pick<Snapshot, 'folder'>, file: { path: string }): string {
  return join(snapshot.folder, FILES, file.path);
}

/** The first folder of a file's path, which is a model's; undefined for what lies beside the models. */
export function modelOf({ path }: { path: string }): string | undefined {
  const end = path.indexOf('/');
  return end < 0 ? undefined : path.slice(0, end);
}

/** The folders of backups in a folder, newest first. */
export async function snapshotsIn(folder: string, content: Content): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => NAME.test(name));
  const wanted = names.filter((name) => name.endsWith('-policies') === (content === 'policies'));
  return wanted
    .sort()
    .reverse()
    .map((name) => join(folder, name));
}

/**
 * The backup in `from`, or the newest of those in there.
 * @throws Failure
 */
export async function findSnapshot(from: string, content: Content): Promise<Snapshot> {
  const found = await stat(from).catch((error: unknown) => {
    throw new Failure(`cannot read the backup ${from}: ${(error as Error).message}`);
  });
  if (!found.isDirectory()) throw new Failure(`${from} is no backup: "eyrie backup" makes folders`);
  if ((await readdir(from)).includes(MANIFEST)) return readSnapshot(from);
  const [newest] = await snapshotsIn(from, content);
  if (newest !== undefined) return readSnapshot(newest);
  const others = content === 'all' ? await snapshotsIn(from, 'policies') : [];
  if (others.length > 0) {
    throw new Failure(`in ${from} are backups of policies alone, such as ${basename(others[0]!)}; add --only policies`);
  }
  throw new Failure(`there is no backup in ${from}: "eyrie backup ${from}" makes one`);
}

/** Whether the files are there and whole is not looked at. @throws Failure */
export async function readSnapshot(folder: string): Promise<Snapshot> {
  const path = join(folder, MANIFEST);
  try {
    return { ...parseManifest(JSON.parse(await readFile(path, 'utf8'))), folder };
  } catch (error) {
    throw new Failure(`${path} cannot be used: ${(error as Error).message}`);
  }
}

function parseManifest(plain: unknown): SnapshotFacts {
  const { schema, at, content, version, registry, files } = (plain ?? {}) as Partial<SnapshotFacts> & {
    schema?: unknown;
  };
  if (schema !== SCHEMA) {
    throw new Error(`its "schema" is ${JSON.stringify(schema)}, and this release of Eyrie knows ${SCHEMA}`);
  }
  const isWhole =
    [at, version, registry].every((text) => typeof text === 'string') &&
    (content === 'all' || content === 'policies') &&
    Array.isArray(files) &&
    files.every(isBackedUpFile);
  if (!isWhole) throw new Error('it is no description of a backup');
  return { at, content, version, registry, files } as SnapshotFacts;
}

/** Its path leads nowhere but down, and not to what only looks like a part of the registry. */
function isBackedUpFile(plain: unknown): boolean {
  const { path, sha256, bytes } = (plain ?? {}) as Partial<BackedUpFile>;
  return (
    typeof path === 'string' &&
    path.split('/').every((part) => part !== '' && !part.startsWith('.') && !part.includes('\\')) &&
    /^[0-9a-f]{64}$/.test(String(sha256)) &&
    Number.isSafeInteger(bytes) &&
    bytes! >= 0
  );
}
