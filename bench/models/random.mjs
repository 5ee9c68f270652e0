/** Uniform numbers in -1..1, the same for the same seed (xorshift32, Marsaglia 2003). */
export function randomSource(seed) {
  let state = (seed * 2654435761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2147483648 - 1;
  };
}

/** `count` numbers of mean 0 and standard deviation `deviation`. */
export function randomWeights(count, deviation, next) {
  const spread = deviation * Math.sqrt(3);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = next() * spread;
  return values;
}
