/**
 * What scores seem to be that a graph gives for several images: `probabilities` of classes of which one is right (they add up to
 * 1), `independent` ones (all in 0..1, but they do not), the same `ones` for every class of every image, or `logits`.
 */
export type ScoreKind = 'probabilities' | 'independent' | 'ones' | 'logits';

/** float16 and int8 are coarse. */
const TOLERANCE = 0.02;

/** @param rows scores of one image each, at least one of them */
export function scoreKind(rows: readonly ArrayLike<number>[]): ScoreKind {
  const all = rows.map((row) => Array.from(row));
  const most = Math.max(...all.map((row) => Math.max(...row)));
  // Small numbers of either sign are no confidences that have been rounded.
  const least = -TOLERANCE * Math.min(1, most);
  if (all.some((row) => row.some((score) => !(score >= least && score <= 1 + TOLERANCE)))) return 'logits';
  if (all.every((row) => Math.abs(row.reduce((sum, score) => sum + score, 0) - 1) <= TOLERANCE)) {
    // The only score of a yes-or-no question may happen to be 1.
    return all.every(({ length }) => length === 1) ? 'independent' : 'probabilities';
  }
  return all.every((row) => row.length > 1 && row.every((score) => score >= 1 - 1e-6)) ? 'ones' : 'independent';
}
