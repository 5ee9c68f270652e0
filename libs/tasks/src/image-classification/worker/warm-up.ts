import type { InputSpec } from '../spec';

/** Runs images, each input.width * input.height * 3 bytes of RGB, as one batch. @returns what the graph gives for each, as it is */
type RunImages = (images: readonly Uint8Array[]) => Promise<ArrayLike<number>[]>;

export interface WarmUpScores {
  /** What the graph gave for some images, as it is. */
  rows: readonly ArrayLike<number>[];
  /** By how much the scores of an image change with the others in its batch, as a share of the largest; 0 where they do not. */
  change: number;
}

/**
 * A share of the largest score. In batches of the same size the same kernels add up the same row in the same order: nothing but
 * the other rows can make a difference, and on a CPU there is none at all.
 */
const SAME_SIZE = 1e-4;
/**
 * The same between batches of different sizes, which may be added up in another order: where a value in float16 or int8 then falls
 * on the other side of a step, up to some steps of the output.
 */
const OTHER_SIZE = 0.02;

/**
 * Runs what will be run often, one image and a batch: the first run of each shape allocates. The images are such that it shows
 * when the scores of one depend on the others in its batch, as with scales that are found at run time over the whole batch
 * (onnxruntime's `quantize_dynamic`), BatchNormalization in training mode, or a Reshape that mixes rows: faint noise among
 * black, white and loud noise.
 * @param batch images of the batch; 1 where there are none of several
 */
export async function runNoise(run: RunImages, input: InputSpec, batch: number): Promise<WarmUpScores> {
  const faint = noise(input, 112, 32);
  const loud = noise(input, 0, 256);
  const [faintAlone] = await run([faint]);
  const [loudAlone] = await run([loud]);
  if (batch === 1) return { rows: [faintAlone!, loudAlone!], change: 0 };

  const between = Array.from({ length: batch - 2 }, (_, i) => plain(input, i % 2 === 0 ? 0 : 255));
  const mixed = await run([faint, ...between, loud]);
  const [faintAmongItself] = await run(Array.from({ length: batch }, () => faint));
  const change = Math.max(
    above(SAME_SIZE, difference(mixed[0]!, faintAmongItself!)),
    above(OTHER_SIZE, difference(mixed.at(-1)!, loudAlone!)),
    above(OTHER_SIZE, difference(faintAmongItself!, faintAlone!)),
  );
  return { rows: [faintAlone!, loudAlone!, ...mixed], change };
}

/** Runs one image and a batch, where nobody needs to know what comes of it. */
export async function runEachShape(run: RunImages, input: InputSpec, batch: number): Promise<void> {
  const image = noise(input, 0, 256);
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

function plain({ width, height }: InputSpec, value: number): Uint8Array {
  return new Uint8Array(width * height * 3).fill(value);
}

/** The same for every load (Park and Miller's generator), in `from` … `from + range - 1`. */
function noise({ width, height }: InputSpec, from: number, range: number): Uint8Array {
  let state = 20_011 + range;
  return Uint8Array.from({ length: width * height * 3 }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return from + (state % range);
  });
}
