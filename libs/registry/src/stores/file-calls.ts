/** What there is under a name. A link is told as such; `follow` says what it leads to. */
export type EntryKind = 'file' | 'folder' | 'link' | 'other';

export interface FolderEntry {
  name: string;
  kind: EntryKind;
}

export interface FileFacts {
  /** `link` never: what it leads to. */
  kind: EntryKind;
  /** Bytes. */
  size: number;
  /** Milliseconds since 1970, by the clock of whoever has written it last. */
  modifiedMs: number;
  /** How many names the file has. */
  names: number;
}

export interface InsideFile extends FileFacts {
  /** Without links. */
  path: string;
  isInside: boolean;
  content?: Uint8Array;
}

/**
 * All that the registry asks of a disk, and nothing else of it does: so that it can be asked from another process, with a time
 * limit, and so that a test can have each step fail. Errors are Node's, with their `code`.
 */
export interface FileCalls {
  list(folder: string): Promise<FolderEntry[]>;

  /** The path without links, and what is there. */
  follow(path: string): Promise<FileFacts & { path: string }>;

  /** The same of a file that must lie below `root`; where it does and is a file, with its bytes if they are wanted. */
  inside(root: string, path: string, content: boolean): Promise<InsideFile>;

  /** Changes whenever a file in the folder, or in one inside it, does. */
  fingerprint(folder: string): Promise<string>;

  read(path: string): Promise<Uint8Array>;

  /** @returns 64 lower-case hex digits */
  sha256(path: string): Promise<string>;

  makeFolder(path: string): Promise<void>;

  /** Makes a file that was not there; its bytes are on the disk itself when this returns. Nothing is left of it where it fails. */
  create(path: string, text: string): Promise<void>;

  /** Gives a file a second name; fails with EEXIST where there is something of that name. */
  link(path: string, name: string): Promise<void>;

  rename(from: string, to: string): Promise<void>;

  unlink(path: string): Promise<void>;

  /** A folder with all that is in it. */
  removeFolder(path: string): Promise<void>;

  /** Has the names in a folder on the disk itself when it returns; nothing where a file system cannot do that. */
  sync(folder: string): Promise<void>;

  /** Gives back what it holds. */
  close?(): void;
}
