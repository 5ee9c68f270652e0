import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Failure } from '../failure';

export interface LabelledImage {
  path: string;
  /** The classes that are right: several where they have the same label. */
  classIds: readonly number[];
}

export interface LabelledImages {
  images: LabelledImage[];
  /** Folders whose name is the label of several classes. */
  ambiguous: { folder: string; classIds: readonly number[] }[];
}

const IMAGE_EXTENSIONS = new Set(['.jpg', '.jpeg', '.png', '.webp', '.gif']);

/** As many as can be read at a glance. */
const LABELS_SHOWN = 10;

/**
 * The images of a folder that holds a folder per class, named by its label or its class id.
 * @throws Failure when the folder has no such folders, or one whose name is no class
 */
export async function labelledImages(root: string, labels: readonly string[]): Promise<LabelledImages> {
  const folders = (await entriesOf(root)).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  if (folders.length === 0) throw new Failure(`${root} holds no folders; give a folder with one folder per class`);
  const images: LabelledImage[] = [];
  const ambiguous: LabelledImages['ambiguous'] = [];
  for (const folder of folders.sort()) {
    const classIds = classIdsOf(folder, labels);
    if (classIds.length > 1) ambiguous.push({ folder, classIds });
    const files = await entriesOf(join(root, folder));
    for (const { name } of files.sort((a, b) => a.name.localeCompare(b.name))) {
      if (IMAGE_EXTENSIONS.has(extname(name).toLowerCase())) images.push({ path: join(root, folder, name), classIds });
    }
  }
  if (images.length === 0) throw new Failure(`the folders in ${root} hold no JPEG, PNG, WebP or GIF files`);
  return { images, ambiguous };
}

function classIdsOf(folder: string, labels: readonly string[]): number[] {
  const byLabel = [...labels.keys()].filter((id) => labels[id] === folder);
  if (byLabel.length > 0) return byLabel;
  // Some file systems write accents apart from their letters.
  const composed = folder.normalize();
  const alike = [...labels.keys()].filter((id) => labels[id]!.normalize() === composed);
  if (alike.length > 0) return alike;
  const byNumber = /^\d+$/.test(folder) ? Number(folder) : -1;
  if (byNumber >= 0 && byNumber < labels.length) return [byNumber];
  const some = labels.slice(0, LABELS_SHOWN).join(', ') + (labels.length > LABELS_SHOWN ? ', …' : '');
  throw new Failure(`folder "${folder}" is neither a label nor a class id of the model; its labels: ${some}`);
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    throw new Failure(`cannot read ${folder}: ${(error as Error).message}`);
  }
}
