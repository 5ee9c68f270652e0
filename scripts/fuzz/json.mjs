// JSON that a client might send by mistake, or to hurt: structure first, since that is what costs.

const SCALARS = ['0', '-0', '1', '1.5', '1e999', '-1e-999', '01', '1'.repeat(2000), '9007199254740993', 'true', 'false', 'null', 'NaN', '""', '"a"', '"\\ud800"', '"\\u0000"', '"\\x"', '"\u00e4\u{1f642}"', '"unended']; // prettier-ignore
const KEYS = ['image', 'url', 'inputs', 'outputs', 'items', 'top_k', 'model', 'version', 'shape', 'data', 'datatype', 'x', '__proto__', 'constructor', 'toString', '', 'default', 'aliases', 'variants', 'shadows', 'guard', 'name', 'weight', 'percent', 'steps', 'revision']; // prettier-ignore
const FLOODS = ['{},', '[],', '0,', '"",', '"ab",', 'null,', '[[]],', '{"a":1},', ' ', '\n', '1.5e3,', '\\u0041'];

/** @param {import('./random.mjs').Random} random @param {number} most bytes of a flood @returns {string} */
export function hostileJson(random, most = 200_000) {
  const size = Math.floor(most * random.next() ** 3) + 1;
  switch (random.below(7)) {
    case 0:
      return flood(random, size);
    case 1: {
      const [open, close] = random.of([['[', ']'], ['{"a":', '}'], ['{"items":[', ']}'], ['{"inputs":{"x":', '}}']]); // prettier-ignore
      const depth = Math.floor(size / open.length) + 1;
      return open.repeat(depth) + (random.chance(0.5) ? '1' + close.repeat(depth) : '');
    }
    case 2:
      return `{${Array.from({ length: Math.min(size, 20_000) }, (_, i) => `"${random.of(['k', '', '1'])}${i}":1`).join(',')}}`;
    case 3:
      return mutated(random, value(random, 4));
    default:
      return value(random, 5);
  }
}

/** One unit over and over, in a place where it might be expected. */
function flood(random, size) {
  const unit = random.of(FLOODS);
  const many = unit.repeat(Math.ceil(size / unit.length));
  const inside = unit === '\\u0041' ? `"${many}"` : `[${many}0]`;
  const field = random.of(KEYS);
  return random.of([
    `{"${field}":${inside}}`,
    `{"items":[{"${field}":${inside}}]}`,
    `{"inputs":{"x":${inside}}}`,
    inside,
  ]);
}

function value(random, depth) {
  if (depth === 0 || random.chance(0.3)) return random.of(SCALARS);
  const length = random.below(5);
  if (random.chance(0.4)) return `[${Array.from({ length }, () => value(random, depth - 1)).join(',')}]`;
  return `{${Array.from({ length }, () => `"${random.of(KEYS)}":${value(random, depth - 1)}`).join(',')}}`;
}

/** Characters taken out, put in and exchanged. */
export function mutated(random, text) {
  let result = text;
  for (let i = random.below(4) + 1; i > 0; i--) {
    const at = random.below(result.length + 1);
    const put = random.of(['', '"', '{', ']', ',', ':', '\\', '\u0000', '\ufeff', ' ', '-', 'e']);
    result = result.slice(0, at) + put + result.slice(at + random.below(3));
  }
  return result;
}
