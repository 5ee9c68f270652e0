import type { InputSpec } from '../spec';

/** Runs images, each input.width * input.height * 3 bytes of RGB, as one batch. @returns what the graph gives for each, as it is */
type RunImages = (images: readonly Uint8Array[]) => Promise<ArrayLike<number>[]>;

export interface WarmUpScores {
  /** What the graph gave for some images, as it is. */
  rows: readonly ArrayLike<number>[];
  /** By how much the scores of an image change with the others in its batch, as a share of the largest; 0 where they do not. */
  change: number;
  /** Why a batch of these images failed, each of which could be run alone. */
  failure?: unknown;
}

/** Values of pixels: `from` … `from + range - 1`. */
interface Noise {
  from: number;
  range: number;
}
const NOISES: readonly Noise[] = [
  { from: 112, range: 32 },
  { from: 0, range: 16 },
  { from: 240, range: 16 },
  { from: 0, range: 256 },
];
const [FAINT, DARK, BRIGHT, LOUD] = [0, 1, 2, 3] as const;
/**
 * Batches: each image in the same place among others, and in another place. Smaller batches have the first of these, larger ones the
 * same again.
 */
const ORDERS = [
  [FAINT, LOUD, DARK, BRIGHT],
  [FAINT, FAINT, DARK, DARK],
  [BRIGHT, LOUD, LOUD, BRIGHT],
];

/**
 * A share of the largest score. In batches of the same size the same kernels add up a row in the same place in the same order: nothing
 * but the other rows can make a difference, and on a CPU there is none at all.
 */
const SAME_SIZE = 1e-4;
/**
 * The same between batches of different sizes, and other places, which may be added up in another order: where a value in float16 or int8 then falls
 * on the other side of a step, up to some steps of the output.
 */
const OTHER_SIZE = 0.02;

/** Scores as they are answered, such as after a softmax; for scores whose largest hides what becomes of the others. */
type Activated = (row: ArrayLike<number>) => ArrayLike<number>;

/**
 * Runs what will be run often, one image and a batch: the first run of each shape allocates. The images are such that it shows
 * when the scores of one depend on the others in its batch, as with scales that are found at run time over the whole batch
 * (onnxruntime's `quantize_dynamic`), BatchNormalization in training mode, or a Reshape that mixes rows, be it for dark or for bright
 * images only: each is looked at alone and in batches of which the others differ, in other places.
 * @param batch images of the batch; 1 where there are none of several
 * @throws what `run` throws of an image alone
 */
export async function runNoise(
  run: RunImages,
  activated: Activated,
  input: InputSpec,
  batch: number,
): Promise<WarmUpScores> {
  const images = NOISES.map(({ from, range }) => noise(input, from, range));
  const alone: ArrayLike<number>[] = [];
  for (const image of images) alone.push((await run([image]))[0]!);
  if (batch === 1) return { rows: alone, change: 0 };

  const rows = [...alone];
  const changes: number[] = [];
  /** What the first batch with an image in a place has given for it. */
  const first = new Map<string, ArrayLike<number>>();
  for (const order of ORDERS) {
    const batched = Array.from({ length: batch }, (_, place) => order[place % order.length]!);
    let found: ArrayLike<number>[];
    try {
      found = await run(batched.map((image) => images[image]!));
    } catch (failure) {
      return { rows: alone, change: 0, failure };
    }
    rows.push(...found);
    batched.forEach((image, place) => {
      const row = found[place]!;
      changes.push(above(OTHER_SIZE, difference(row, alone[image]!)));
      const known = first.get(`${image} in ${place}`);
      if (!known) return void first.set(`${image} in ${place}`, row);
      changes.push(above(SAME_SIZE, difference(row, known)));
      changes.push(above(SAME_SIZE, difference(activated(row), activated(known))));
    });
  }
  return { rows, change: Math.max(...changes) };
}

/** Runs one image and a batch, where nobody needs to know what comes of it. */
export async function runEachShape(run: RunImages, input: InputSpec, batch: number): Promise<void> {
  const image = noise(input, NOISES[LOUD]!.from, NOISES[LOUD]!.range);
  await run([image]);
  if (batch > 1) await run(Array.from({ length: batch }, () => image));
}

function above(tolerance: number, difference: number): number {
  return difference > tolerance ? difference : 0;
}

/** The largest difference of two rows of scores, as a share of the largest score. */
function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = 0;
  let largest = Number.MIN_VALUE;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    // What is no score in either is answered as an error in either.
    if (!Number.isFinite(x) && !Number.isFinite(y)) continue;
    if (!Number.isFinite(x) || !Number.isFinite(y)) return 1;
    most = Math.max(most, Math.abs(x - y));
    largest = Math.max(largest, Math.abs(x), Math.abs(y));
  }
  return Math.min(1, most / largest);
}

/** The same for every load (Park and Miller's generator), in `from` … `from + range - 1`. */
function noise({ width, height }: InputSpec, from: number, range: number): Uint8Array {
  let state = 20_011 + range;
  return Uint8Array.from({ length: width * height * 3 }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return from + (state % range);
  });
}
