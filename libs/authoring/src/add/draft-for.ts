import { InvalidVersionError } from '#registry';
import { type Draft, draftVersion, type VersionDescription } from './draft';
import { scalingIn } from './graph-scaling';
import { type GraphChoice, type GraphFacts, inspect } from './inspect';
import { type Labels, readLabelsFile } from './labels';
import { metadataOf } from './metadata';
import { readModelFile } from './model-file';
import { type About, choosePreprocessing, type Preprocessing, type PreprocessingChoice } from './preprocessing';
import { IMAGENET_PRESETS } from './presets';
import { type Unmapped, withoutZipMap } from './zip-map';

/** An ONNX file, and what somebody says of it. */
export interface DraftRequest extends VersionDescription, GraphChoice, PreprocessingChoice {
  /** Path of the ONNX file. */
  file: string;
  /** Path of a file with one label per line, or with the same as JSON. */
  labels?: string;
  /** Path of a file with the labels of ImageNet's thousand classes, for models that are likely to have these. */
  imagenetLabels?: string;
}

/** What a file is found to be. */
export interface Found {
  draft: Draft;
  /** Of the model file as it is to be served. */
  bytes: Uint8Array;
  /** Another preparation of images for the same graph. @throws InvalidVersionError */
  prepared(choice: PreprocessingChoice): Preprocessing;
  /** What the file itself says of it. */
  about: About;
}

/**
 * Reads and inspects a file, and completes what it says by what somebody says.
 * @param unmapped the file, where it has been read already @throws InvalidVersionError
 */
export async function draftFor(request: DraftRequest & { version: number }, unmapped?: Unmapped): Promise<Found> {
  const own = request.labels === undefined ? undefined : await readLabelsFile(request.labels);
  const { file, labels: mapped } = unmapped ?? withoutZipMap(await readModelFile(request.file));
  const graph = aboutFile(request.file, () => inspect(file.model, request));
  const scaling = graph.input.dtype.startsWith('float') ? scalingIn(file.model, graph.input.name) : {};
  const about: About = { ...scaling, ...metadataOf(file.model), producer: file.model.producerName };
  const classes = graph.output.classes ?? own?.length ?? null;
  const prepared = (choice: PreprocessingChoice): Preprocessing =>
    aboutFile(request.file, () => choosePreprocessing(graph.input, classes, choice, about));
  const preprocessing = prepared(request);
  const labels = own
    ? ({ labels: own, source: 'option', shown: 'as given' } as const)
    : (inTheFile(graph, mapped ?? about.labels) ?? (await ofImageNet(graph, preprocessing, request.imagenetLabels)));
  const draft = aboutFile(request.file, () => draftVersion(file, request, graph, preprocessing, labels));
  return { draft, bytes: file.bytes, prepared, about };
}

/** Only if there are as many as classes: a list under the same name may be of something else. */
function inTheFile({ output }: GraphFacts, labels: string[] | undefined): Labels | undefined {
  if (!labels || (output.classes !== null && output.classes !== labels.length)) return undefined;
  const isUsable = labels.every((label) => label.trim() === label && label !== '' && !/[\r\n]/.test(label));
  return isUsable ? { labels, source: 'file', shown: shortly(labels) } : undefined;
}

const IMAGENET_CLASSES = 1000;

async function ofImageNet(
  { output }: GraphFacts,
  { preset }: Preprocessing,
  path?: string,
): Promise<Labels | undefined> {
  const hasBackground = output.classes === IMAGENET_CLASSES + 1;
  if (path === undefined || !IMAGENET_PRESETS.has(preset)) return undefined;
  if (output.classes !== IMAGENET_CLASSES && !hasBackground) return undefined;
  const labels = await readLabelsFile(path);
  if (hasBackground)
    return { labels: ['background', ...labels], source: 'assumed', shown: 'background and ImageNet’s thousand' };
  return { labels, source: 'assumed', shown: 'ImageNet’s thousand' };
}

function shortly(labels: readonly string[]): string {
  return labels.length <= 3 ? labels.join(', ') : `${labels.slice(0, 2).join(', ')}, …`;
}

function aboutFile<T>(file: string, look: () => T): T {
  try {
    return look();
  } catch (error) {
    if (!(error instanceof InvalidVersionError)) throw error;
    throw new InvalidVersionError(`${file} cannot be added: ${error.message}`, { cause: error });
  }
}
