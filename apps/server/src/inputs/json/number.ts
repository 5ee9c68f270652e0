/** RFC 8259, section 6. */
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

const ZERO = 0x30;
const MINUS = 0x2d;
const DOT = 0x2e;

/** So many digits are an integer that a double holds exactly. */
const EXACT_DIGITS = 15;
/** Powers of ten that a double holds exactly. */
const POWERS = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);

/**
 * The number that some bytes spell, rounded as IEEE 754 has it; NaN for what is none.
 *
 * Few digits are read without a string: the digits as an integer and the power of ten are both exact, and so their quotient is
 * rounded once (W. D. Clinger, How to Read Floating Point Numbers Accurately, 1990).
 */
export function parseNumber(bytes: Buffer, length: number): number {
  let at = 0;
  const isNegative = bytes[0] === MINUS;
  if (isNegative) at++;
  const first = at;
  let digits = 0;
  let decimals = -1;
  for (; at < length; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit >= 0 && digit <= 9) {
      digits = digits * 10 + digit;
      if (decimals >= 0) decimals++;
    } else if (bytes[at] === DOT && decimals < 0 && at > first) {
      decimals = 0;
    } else {
      return parseSlowly(bytes, length);
    }
  }
  const isPlain =
    length - first > 0 &&
    length - first <= EXACT_DIGITS &&
    decimals !== 0 &&
    // No zero leads, but the one before a point.
    (bytes[first] !== ZERO || length - first === 1 || bytes[first + 1] === DOT);
  if (!isPlain) return parseSlowly(bytes, length);
  const value = decimals > 0 ? digits / POWERS[decimals]! : digits;
  return isNegative ? -value : value;
}

function parseSlowly(bytes: Buffer, length: number): number {
  const text = bytes.toString('latin1', 0, length);
  return NUMBER.test(text) ? Number(text) : NaN;
}

/** As many digits as the longest integer of 64 bits has, with its sign. */
const LONGEST_INTEGER = 20;

/** The whole number that some bytes spell where they are nothing but digits; else `value`, which is what a double makes of them. */
export function exactInteger(bytes: Buffer, length: number, value: number): number | bigint {
  if (length > LONGEST_INTEGER || !Number.isInteger(value)) return value;
  const text = bytes.toString('latin1', 0, length);
  return /^-?\d+$/.test(text) ? BigInt(text) : value;
}
