import { ALIAS, MODEL_NAME } from '#registry';
import { UsageError } from './usage-error';

/** `"2"` → 2 @throws UsageError */
export function parseVersionNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`"${text}" is no version number; give one such as 2`);
  return Number(text);
}

/** `"0"` → 0 @throws UsageError */
export function parseRevision(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`"${text}" is no revision of a policy; give a number such as 7`);
  return Number(text);
}

/** What a new model may be called. @throws UsageError */
export function parseModelName(text: string): string {
  if (MODEL_NAME.test(text)) return text;
  throw new UsageError(`"${text}" is no name for a model: lower-case letters, digits, ".", "_" and "-", at most 100`);
}

/** @throws UsageError */
export function parseAlias(text: string): string {
  if (ALIAS.test(text)) return text;
  throw new UsageError(`"${text}" cannot be an alias: a lower-case letter, then a-z, 0-9, "_", "-"`);
}

/** A number, or an alias as it is. @throws UsageError */
export function parseVersionRef(text: string): number | string {
  return /^[a-z]/.test(text) ? parseAlias(text) : parseVersionNumber(text);
}

/** @throws UsageError unless it is a number from `min` to `max` */
export function parseNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? NaN : Number(text);
    if (!(value >= min && value <= max)) throw new UsageError(`"${text}" is no number from ${min} to ${max}`);
    return value;
  };
}

/** @throws UsageError unless it is a whole number from `min` to `max` */
export function parseWhole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = parseNumber(min, max)(text);
    if (!Number.isInteger(value)) throw new UsageError(`"${text}" is no whole number from ${min} to ${max}`);
    return value;
  };
}

/** Comma-separated. @throws UsageError */
export function parseNumbers(min: number, max: number): (text: string) => number[] {
  return (text) => text.split(',').map(parseNumber(min, max));
}
