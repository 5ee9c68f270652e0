const ZERO = 0x30;
const MINUS = 0x2d;
const DOT = 0x2e;

/** So many digits are an integer that a double holds exactly. */
const EXACT_DIGITS = 15;
/** Powers of ten that a double holds exactly. */
const POWERS = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);

/**
 * The number that some bytes spell in the simplest way: a minus or none, a few digits, a point among them or none. It is rounded as
 * IEEE 754 has it, and no string is made for it: the digits as an integer and the power of ten are both exact, and so their quotient
 * is rounded once (W. D. Clinger, How to Read Floating Point Numbers Accurately, 1990).
 * @returns undefined for all that is spelt in another way, and for what is no number
 */
export function exactDecimal(bytes: Uint8Array, from: number, end: number): number | undefined {
  let at = from;
  const isNegative = bytes[at] === MINUS;
  if (isNegative) at++;
  const first = at;
  let digits = 0;
  let decimals = -1;
  for (; at < end; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit >= 0 && digit <= 9) {
      digits = digits * 10 + digit;
      if (decimals >= 0) decimals++;
    } else if (bytes[at] === DOT && decimals < 0 && at > first) {
      decimals = 0;
    } else {
      return undefined;
    }
  }
  const length = end - first;
  const isPlain =
    length > 0 &&
    length <= EXACT_DIGITS &&
    decimals !== 0 &&
    // No zero leads, but the one before a point.
    (bytes[first] !== ZERO || length === 1 || bytes[first + 1] === DOT);
  if (!isPlain) return undefined;
  const value = decimals > 0 ? digits / POWERS[decimals]! : digits;
  return isNegative ? -value : value;
}
