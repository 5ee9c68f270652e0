import { createStore } from '../shell/store.js';

/** Something to ask about. */
export interface Photo {
  readonly id: number;
  readonly name: string;
  /** The file itself; without it the server fetches `url`. */
  readonly file?: Blob;
  readonly url?: string;
  /** What an <img> shows; nothing of another server is, since the page asks nobody else. */
  readonly preview?: string;
}

/** Kept here and not in the page, so that they are still there when somebody comes back from another one. */
export const photos = createStore<readonly Photo[]>([]);

let lastId = 0;

/** @returns those that were added */
export function addFiles(files: Iterable<File>): Photo[] {
  return add([...files].map((file) => ({ name: file.name || 'pasted picture', file })));
}

export function addUrl(url: string): Photo[] {
  return add([{ name: url, url }]);
}

export function addBlob(name: string, file: Blob): Photo[] {
  return add([{ name, file }]);
}

export function clear(): void {
  for (const { preview } of photos.get()) if (preview) URL.revokeObjectURL(preview);
  photos.set([]);
}

function add(given: readonly Omit<Photo, 'id' | 'preview'>[]): Photo[] {
  const added = given.map((photo) => {
    lastId += 1;
    return { ...photo, id: lastId, preview: photo.file && URL.createObjectURL(photo.file) };
  });
  photos.set([...photos.get(), ...added]);
  return added;
}
