import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Manifest } from '#registry';
import type { ImageClassificationFields } from '#tasks';
import { Failure } from '../failure';

const EXTENSIONS = new Set(['.jpg', '.jpeg', '.png', '.webp', '.gif']);
/** More would only be read. */
const MOST = 64;

/**
 * What a version is measured with: images of a folder and the folders in it, or else its golden images.
 * @param from the folder that was asked for
 * @throws Failure when there are none
 */
export async function tuneImages(from: string | undefined, folder: string, manifest: Manifest): Promise<Uint8Array[]> {
  if (from === undefined) {
    const { golden } = manifest as Partial<ImageClassificationFields>;
    if (!golden?.length) {
      throw new Failure('the version has no golden images; give --images, a folder of images such as clients send');
    }
    return Promise.all(golden.map(({ image }) => readFile(join(folder, image))));
  }
  let names: string[];
  try {
    names = await readdir(from, { recursive: true });
  } catch (error) {
    throw new Failure(`cannot read ${from}: ${(error as Error).message}`);
  }
  const files = names.filter((name) => EXTENSIONS.has(extname(name).toLowerCase())).sort();
  if (files.length === 0) throw new Failure(`${from} holds no JPEG, PNG, WebP or GIF files`);
  // From all over the folder: the first ones may all lie in one class.
  const step = Math.max(1, files.length / MOST);
  const chosen = Array.from({ length: Math.min(MOST, files.length) }, (_, i) => files[Math.floor(i * step)]!);
  return Promise.all(chosen.map((name) => readFile(join(from, name))));
}
