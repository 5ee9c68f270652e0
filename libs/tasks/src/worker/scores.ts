/** Turns logits into probabilities that add up to 1; shifted by the maximum so that exp() cannot overflow. */
export function softmax(logits: ArrayLike<number>): Float64Array {
  let max = -Infinity;
  for (let i = 0; i < logits.length; i++) max = Math.max(max, logits[i]!);
  const probabilities = new Float64Array(logits.length);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += probabilities[i] = Math.exp(logits[i]! - max);
  for (let i = 0; i < probabilities.length; i++) probabilities[i]! /= sum;
  return probabilities;
}

/** Turns a logit into the probability of a yes. */
export function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

/** The `k` highest scores (all of them if there are fewer), best first; of equal ones the lower class first. */
export function topK(scores: ArrayLike<number>, k: number): { classId: number; confidence: number }[] {
  if (k === 0) return [];
  if (k > FEW) return sortAll(scores).slice(0, k);
  const best: { classId: number; confidence: number }[] = [];
  for (let classId = 0; classId < scores.length; classId++) {
    const confidence = scores[classId]!;
    if (best.length === k && confidence <= best[k - 1]!.confidence) continue;
    let place = best.length;
    while (place > 0 && best[place - 1]!.confidence < confidence) place--;
    best.splice(place, 0, { classId, confidence });
    if (best.length > k) best.pop();
  }
  return best;
}

/** Up to so many, keeping the best in order beats sorting them all. */
const FEW = 32;

function sortAll(scores: ArrayLike<number>): { classId: number; confidence: number }[] {
  return Array.from(scores, (confidence, classId) => ({ classId, confidence })).sort(
    (a, b) => b.confidence - a.confidence || a.classId - b.classId,
  );
}

export function countAtLeast(scores: ArrayLike<number>, threshold: number): number {
  let count = 0;
  for (let i = 0; i < scores.length; i++) if (scores[i]! >= threshold) count++;
  return count;
}

/** The place of the first value that is NaN or infinite; undefined where there is none. */
export function firstNotFinite(scores: ArrayLike<number>): number | undefined {
  for (let i = 0; i < scores.length; i++) if (!Number.isFinite(scores[i])) return i;
  return undefined;
}
