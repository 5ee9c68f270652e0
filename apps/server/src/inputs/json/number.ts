import { exactDecimal } from '#core';

/** RFC 8259, section 6. */
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/** The number that some bytes spell, rounded as IEEE 754 has it; NaN for what is none. */
export function parseNumber(bytes: Buffer, length: number): number {
  return exactDecimal(bytes, 0, length) ?? parseSlowly(bytes, length);
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
