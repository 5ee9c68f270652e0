import { createHash } from 'node:crypto';

export interface Weighted {
  name: string;
  /** Zero or more; only the ratio to the others counts. */
  weight: number;
}

/**
 * The variant of a routing key: a pure function of experiment, key and weights, so that every replica and every restart
 * gives the same answer. Each variant draws an exponentially distributed number from (experiment, key, its name), divided
 * by its weight, and the smallest wins: shares are exactly the weights, and a change of weights moves few keys, always
 * away from a variant whose share shrank or to one whose share grew (weighted rendezvous hashing; Thaler and
 * Ravishankar 1998, with the weights of Schindelhauer and Schomaker 2005).
 *
 * @param experiment what is tried, see `experimentOf`: in another one the same key draws anew
 * @returns undefined when no variant has a weight above zero
 */
export function chooseVariant<V extends Weighted>(
  variants: readonly V[],
  experiment: string,
  key: string,
): V | undefined {
  let chosen: V | undefined;
  let smallest = Infinity;
  for (const variant of variants) {
    if (variant.weight <= 0) continue;
    const draw = -Math.log(uniform(experiment, key, variant.name)) / variant.weight;
    if (draw < smallest) {
      smallest = draw;
      chosen = variant;
    }
  }
  return chosen;
}

/** A number in (0, 1), the same for the same arguments. */
function uniform(...parts: string[]): number {
  const digest = createHash('sha256').update(parts.join('\0')).digest();
  // 48 bits and a half: never 0, never 1.
  return (digest.readUIntBE(0, 6) + 0.5) / 2 ** 48;
}
